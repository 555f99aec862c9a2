"""Servers for tests: nginx as it is, and one that can be told to misbehave. Loopback only, on ports that the kernel picks."""
import contextlib
import hashlib
import os
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.parse
from pathlib import Path

# Against what hangs, not against what is slow: the machine may be busy.
WAIT_S = 300


def _listen(address="127.0.0.1"):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.create_server((address, 0), family=family, backlog=128)
    return listener, listener.getsockname()[1]


class Nginx:
    """Debian's nginx over a folder. It inherits a socket that is listening already: no port to lose, nothing to wait for."""

    def __init__(self, folder, root, tls=None):
        self.folder, self.root, self.tls = Path(folder), Path(root), tls
        self.folder.mkdir(parents=True, exist_ok=True)
        self.process = None
        self.port = None

    def start(self):
        listener, port = self._listener()
        self.port = port
        user = "user root; " if os.geteuid() == 0 else ""
        conf = self.folder / "nginx.conf"
        conf.write_text(f"""
            daemon off; worker_processes 1; {user}pid {self.folder}/nginx.pid; error_log {self.folder}/error.log;
            events {{ worker_connections 64; }}
            http {{
                access_log {self.folder}/access.log;
                client_body_temp_path {self.folder}/t1; proxy_temp_path {self.folder}/t2; fastcgi_temp_path {self.folder}/t3;
                uwsgi_temp_path {self.folder}/t4; scgi_temp_path {self.folder}/t5;
                {self._server(port)}
            }}""")
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-c", str(conf), "-e", str(self.folder / "error.log")],
            env={**os.environ, "NGINX": f"{listener.fileno()};"}, pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        listener.close()
        return self

    def _server(self, port):
        secure = f"ssl_certificate {self.tls[0]}; ssl_certificate_key {self.tls[1]};" if self.tls else ""
        return f"server {{ listen 127.0.0.1:{port}{' ssl' if self.tls else ''}; root {self.root}; {secure} }}"

    def _listener(self):
        if self.port is None:
            return _listen()
        listener = socket.create_server(("127.0.0.1", self.port), backlog=128)
        return listener, self.port

    def url(self, path, host="127.0.0.1"):
        return f"http{'s' if self.tls else ''}://{host}:{self.port}/{path}"

    def stop(self):
        """nginx forgets a signal that comes while it starts, so it is asked more than once."""
        for _ in range(WAIT_S if self.process else 0):
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
                self.process = None
                return
        if self.process:
            raise AssertionError("nginx does not stop")

    def requests(self):
        """[(path, status, bytes of body)] so far."""
        found = re.findall(r'"GET (\S+) \S+" (\d+) (\d+)', (self.folder / "access.log").read_text())
        return [(path, int(status), int(size)) for path, status, size in found]


class ShippedNginx(Nginx):
    """nginx with the configuration that operators are given, but for the three words that it calls theirs: port and folders.
    It takes uploads by the password PASSWORD, or by client certificates of `clients` (a PEM file)."""
    CONF = Path(__file__).resolve().parent.parent / "packaging/server/duckling-nginx.conf"
    PASSWORD = "small:acts+lead/to greatness"

    def __init__(self, folder, tls, clients=None):
        folder = Path(folder)
        super().__init__(folder, folder / "srv/www", tls)
        self.etc, self.incoming, self.clients = folder / "etc", folder / "srv/incoming", clients
        for path in (self.root, self.incoming, self.etc):
            path.mkdir(parents=True, exist_ok=True)
        for name in ("publisher", "player"):
            crypted = subprocess.run(["openssl", "passwd", "-6", "-salt", "salt", "-stdin"], input=self.PASSWORD, text=True,
                                     check=True, capture_output=True).stdout.strip()
            (self.etc / f"{name}s.htpasswd").write_text(f"{name}{'s' if name == 'player' else ''}:{crypted}\n")
        for name, path in zip(("server.pem", "server.key"), tls):
            (self.etc / name).write_bytes(Path(path).read_bytes())

    def _server(self, port):
        text = self.CONF.read_text()
        words = [(r"listen 443 ", f"listen 127.0.0.1:{port} "), (r"/srv/duckling(?=/)", str(self.folder / "srv")),
                 (r"/etc/duckling(?=/)", str(self.etc))]
        if self.clients:
            (self.etc / "clients.pem").write_bytes(Path(self.clients).read_bytes())
            words += [(r"#(?=ssl_client_certificate )", ""), (r"#(?=ssl_verify_client )", "")]
        for word, own in words:
            text, count = re.subn(word, own, text)
            if not count:
                raise AssertionError(f"{self.CONF} has no {word!r}")
        shipped = self.folder / "duckling-nginx.conf"
        shipped.write_text(text)
        return f"include {shipped};"

    def publish_url(self, path="", user="publisher", host="127.0.0.1"):
        """With user and password, as `publish --to` takes it."""
        return f"https://{user}:{urllib.parse.quote(self.PASSWORD, safe='')}@{host}:{self.port}/{path}"


def past_validity():
    """Options of `openssl x509` for a certificate that has expired. From OpenSSL 3.4 on its end is given as such, and a negative number of
    days is refused."""
    options = subprocess.run(["openssl", "x509", "-help"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout
    return ["-not_before", "20200101000000Z", "-not_after", "20200102000000Z"] if "-not_after" in options else ["-days", "-1"]


def make_certificates(folder):
    """ca.pem and, signed by it, pairs of certificate and key: good, expired, other (for another host); and a stranger CA."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, cwd=folder,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    past = past_validity()
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    for name in ("ca", "stranger"):
        openssl("req", "-x509", *key, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN=test {name}", "-days", 2,
                "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    pairs = {}
    for name, names, valid in (("good", "IP:127.0.0.1,DNS:localhost", ["-days", 2]), ("expired", "IP:127.0.0.1,DNS:localhost", past),
                               ("other", "DNS:other.example", ["-days", 2])):
        openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (folder / f"{name}.ext").write_text(f"subjectAltName={names}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                *valid, "-extfile", f"{name}.ext", "-out", f"{name}.pem")
        pairs[name] = (folder / f"{name}.pem", folder / f"{name}.key")
    return folder / "ca.pem", folder / "stranger.pem", pairs


class Request:
    def __init__(self, path, headers):
        self.path, self.headers = path, headers
        self.status = 0   # that was answered; 0: none
        self.sent = 0     # bytes of body
        self.done = False


class Hostile:
    """A server that does what it is told. `files[path]` holds bytes, served with ETag, Range, If-Range and If-None-Match;
    `acts[path]` is a list of acts, each used for one request, the last one for ever. An act is a function of
    (server, connection, request); the ones below make most of them."""

    def __init__(self, tls=None, address="127.0.0.1"):
        self.files, self.acts, self.requests = {}, {}, []
        self.host = f"[{address}]" if ":" in address else address
        self.changed = threading.Condition()
        self.closing = threading.Event()
        self.listener, self.port = _listen(address)
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*map(str, tls))
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, path, credentials=""):
        return f"http{'s' if self.context else ''}://{credentials}{self.host}:{self.port}/{path}"

    def stop(self):
        self.closing.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def asked(self, path):
        with self.changed:
            return [r for r in self.requests if r.path == "/" + path]

    def wait_asked(self, path, count=1, done=False):
        """Waits until `path` was asked for so many times (and the answers are through)."""
        def enough():
            found = [r for r in self.requests if r.path == "/" + path and (r.done or not done)]
            return found if len(found) >= count else None
        with self.changed:
            found = self.changed.wait_for(enough, WAIT_S)
        if not found:
            raise AssertionError(f"/{path} was not asked for {count} times in {WAIT_S} s")
        return found

    def _accept(self):
        while not self.closing.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ValueError):
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                while self._answer(connection):
                    pass

    def _answer(self, connection):
        head = b""
        while b"\r\n\r\n" not in head:
            more = connection.recv(65536)
            if not more:
                return False
            head += more
        lines = head.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (l.partition(":") for l in lines[1:] if l)}
        request = Request(lines[0].split()[1], headers)
        with self.changed:
            self.requests.append(request)
            acts = self.acts.get(request.path.lstrip("/"), [])
            act = (acts.pop(0) if len(acts) > 1 else acts[0]) if acts else serve
            self.changed.notify_all()
        try:
            return act(self, connection, request)
        finally:
            with self.changed:
                request.done = True
                self.changed.notify_all()

    def send_head(self, connection, request, status, **headers):
        request.status = status
        lines = [f"HTTP/1.1 {status} Words"] + [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))

    def send_body(self, connection, request, data):
        for start in range(0, len(data), 65536):
            piece = data[start:start + 65536]
            connection.sendall(piece)
            request.sent += len(piece)


def etag_of(data):
    return '"' + hashlib.sha256(data).hexdigest()[:16] + '"'


def _prepare(server, request):
    """What an honest server would answer: status, headers, body."""
    data = server.files.get(request.path.lstrip("/"))
    if data is None:
        return 404, {"Content_Length": 0}, b""
    etag = etag_of(data)
    if request.headers.get("if-none-match") == etag:
        return 304, {"ETag": etag}, b""
    span = re.fullmatch(r"bytes=(\d+)-", request.headers.get("range", ""))
    if span and request.headers.get("if-range", etag) == etag:
        start = int(span[1])
        if start >= len(data):
            return 416, {"Content_Length": 0, "Content_Range": f"bytes */{len(data)}"}, b""
        return 206, {"ETag": etag, "Content_Length": len(data) - start,
                     "Content_Range": f"bytes {start}-{len(data) - 1}/{len(data)}"}, data[start:]
    return 200, {"ETag": etag, "Content_Length": len(data)}, data


def serve(server, connection, request):
    status, headers, body = _prepare(server, request)
    server.send_head(connection, request, status, **headers)
    server.send_body(connection, request, body)
    return True


def status(code, body=b"sorry"):
    def act(server, connection, request):
        server.send_head(connection, request, code, Content_Length=len(body))
        server.send_body(connection, request, body)
        return True
    return act


def redirect(to, code=302):
    def act(server, connection, request):
        server.send_head(connection, request, code, Location=to, Content_Length=0)
        return True
    return act


def hang(server, connection, request):
    server.closing.wait()
    return False


def hang_after_head(server, connection, request):
    server.send_head(connection, request, 200, Content_Length=1000)
    return hang(server, connection, request)


def cut_after(count):
    """An honest head, `count` bytes of body, and the end of the connection."""
    def act(server, connection, request):
        code, headers, body = _prepare(server, request)
        server.send_head(connection, request, code, **headers)
        server.send_body(connection, request, body[:count])
        return False
    return act


def stall_after(count):
    def act(server, connection, request):
        code, headers, body = _prepare(server, request)
        server.send_head(connection, request, code, **headers)
        server.send_body(connection, request, body[:count])
        return hang(server, connection, request)
    return act


def drip(server, connection, request):
    """One byte a second."""
    code, headers, body = _prepare(server, request)
    server.send_head(connection, request, code, **headers)
    for i in range(len(body)):
        server.send_body(connection, request, body[i:i + 1])
        if server.closing.wait(1):
            break
    return False


class Gate:
    """A line as slow as the test wants it: `act` sends an honest head, and of the body what `let` has let through since. Only the
    last request gets anything: whoever asks again has given up the one before."""

    def __init__(self):
        self.open, self.allowed, self.request, self.changed = False, 0, None, threading.Condition()

    def let(self, count=None):
        """So many bytes more; without a number all that is asked for from now on."""
        with self.changed:
            self.open = self.open or count is None
            self.allowed += count or 0
            self.changed.notify_all()

    def _take(self, server, request, most):
        """How much of `most` may go; 0: the request is over."""
        with self.changed:
            while not self.open and not self.allowed and self.request is request and not server.closing.is_set():
                self.changed.wait(0.1)
            if self.request is not request or server.closing.is_set():
                return 0
            count = most if self.open else min(most, self.allowed)
            self.allowed -= 0 if self.open else count
        return count

    def act(self, server, connection, request):
        with self.changed:
            self.request = request
            self.changed.notify_all()
        code, headers, body = _prepare(server, request)
        server.send_head(connection, request, code, **headers)
        while body:
            count = self._take(server, request, len(body))
            if not count:
                return False
            server.send_body(connection, request, body[:count])
            body = body[count:]
        return True


def claim_length(length):
    """The whole body under a Content-Length that is not its own."""
    def act(server, connection, request):
        _, _, body = _prepare(server, request)
        server.send_head(connection, request, 200, Content_Length=length)
        server.send_body(connection, request, body)
        return False
    return act


def endless(code=200, **headers):
    """A body without an end."""
    def act(server, connection, request):
        server.send_head(connection, request, code, **(headers or {"Connection": "close"}))
        while not server.closing.is_set():
            server.send_body(connection, request, bytes(65536))
        return False
    return act


def endless_head(server, connection, request):
    connection.sendall(b"HTTP/1.1 200 Words\r\n")
    while not server.closing.is_set():
        connection.sendall(b"X-More: " + b"x" * 1000 + b"\r\n")
    return False


def noise(server, connection, request):
    connection.sendall(bytes(range(256)) * 16)
    return False


def no_condition(server, connection, request):
    """A server that knows neither ETag nor Range."""
    body = server.files[request.path.lstrip("/")]
    server.send_head(connection, request, 200, Content_Length=len(body))
    server.send_body(connection, request, body)
    return True


def wrong_part(server, connection, request):
    """A 206 that begins elsewhere than was asked for."""
    body = server.files[request.path.lstrip("/")]
    server.send_head(connection, request, 206, ETag=etag_of(body), Content_Length=len(body),
                     Content_Range=f"bytes 0-{len(body) - 1}/{len(body)}")
    server.send_body(connection, request, body)
    return True


def wait_for(condition, what):
    """For what has no event to wait on: looks until it is so."""
    end = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {WAIT_S} s: {what}")
        time.sleep(0.01)
