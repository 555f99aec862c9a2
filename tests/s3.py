"""An S3-compatible store for tests, in memory, and the checker of signatures in front of it. Written from Amazon's description of
Signature Version 4 for S3 with hmac and hashlib: it shares no code with libcurl's, and refuses what a real store refuses."""
import datetime
import hashlib
import hmac
import re
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SKEW_S = 15 * 60
AUTHORIZATION = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/,]+)/(?P<day>\d{8})/(?P<region>[^/,]+)/(?P<service>[^/,]+)"
                           r"/aws4_request, ?SignedHeaders=(?P<signed>[a-z0-9;-]+), ?Signature=(?P<signature>[0-9a-f]{64})")


class Refusal(Exception):
    def __init__(self, status, code):
        super().__init__(code)
        self.status, self.code = status, code


def _encoded(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-._~")


def canonical_request(method, target, headers, signed, payload_hash):
    """`headers`: a dict by lower-case name; `signed`: the names that count; `target`: path and query as they were sent."""
    path, _, query = target.partition("?")
    # S3 encodes a path once, and does not take its dots away.
    uri = _encoded(urllib.parse.unquote(path), "/")
    pairs = sorted((_encoded(k), _encoded(v)) for k, v in urllib.parse.parse_qsl(query, keep_blank_values=True))
    lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signed)
    return "\n".join([method, uri, "&".join(f"{k}={v}" for k, v in pairs), lines, ";".join(signed), payload_hash])


def signature(secret, date, region, service, request):
    """Of a canonical request; date as in x-amz-date."""
    def mac(key, text):
        return hmac.new(key, text.encode(), hashlib.sha256).digest()
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = ("AWS4" + secret).encode()
    for part in (date[:8], region, service, "aws4_request"):
        key = mac(key, part)
    return mac(key, text).hex()


class Store:
    """`objects[key]` is (bytes, headers). `bucket` may stand in the path or in the host's name. Loopback, a port of the kernel's."""

    def __init__(self, bucket="signage", region="cn-north-1", key="AKIDEXAMPLE", secret="s3cr3t/+Key", token=None, in_host=False,
                 may_list=True):
        self.bucket, self.region, self.key, self.secret, self.token, self.in_host = bucket, region, key, secret, token, in_host
        self.may_list = may_list   # a key that may not list the bucket is told 403 for what is not there
        self.shift_s = 0           # how far this store's clock is ahead
        self.answers = []          # statuses to give to the next requests instead of serving them
        self.objects, self.requests, self.lock = {}, [], threading.Lock()
        store = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                store.serve(self)
            do_HEAD = do_PUT = do_GET

        class Server(ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                if not isinstance(sys.exc_info()[1], ConnectionError):   # clients may break off
                    super().handle_error(request, client_address)

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def endpoint(self):
        # *.localhost is loopback by RFC 6761: libcurl asks no name server for it.
        return f"http://{self.bucket + '.' if self.in_host else ''}localhost:{self.port}"

    def environment(self):
        """What a client needs to be let in."""
        variables = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret, "AWS_REGION": self.region,
                     "AWS_ENDPOINT_URL_S3": self.endpoint()}
        return variables | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})

    def serve(self, handler):
        length = int(handler.headers.get("Content-Length", 0))
        body = handler.rfile.read(length)
        if len(body) < length:   # the client broke off: what did not arrive whole was never there
            handler.close_connection = True
            return
        with self.lock:
            self.requests.append((handler.command, handler.path))
            answer = self.answers.pop(0) if self.answers else None
        try:
            if answer:
                raise Refusal(answer, "SlowDown" if answer == 503 else "AccessDenied")
            self.check(handler, body)
            status, headers, text = self.act(handler, self.key_of(handler), body)
        except Refusal as refusal:
            status, headers = refusal.status, {"Content-Type": "application/xml"}
            text = f'<?xml version="1.0"?><Error><Code>{refusal.code}</Code><Message>no</Message></Error>'.encode()
        handler.send_response(status)
        for name, value in ({"Content-Length": len(text)} | headers).items():
            handler.send_header(name, str(value))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(text)

    def check(self, handler, body):
        """Raises Refusal unless the request is signed as it should be."""
        headers = {}
        for name, value in handler.headers.items():
            if name.lower() in headers:
                raise Refusal(400, "InvalidRequest")
            headers[name.lower()] = value
        given = AUTHORIZATION.fullmatch(headers.get("authorization", ""))
        if not given:
            raise Refusal(403, "AccessDenied")
        date = headers.get("x-amz-date", "")
        if not re.fullmatch(r"\d{8}T\d{6}Z", date) or date[:8] != given["day"]:
            raise Refusal(403, "AuthorizationHeaderMalformed")
        self.check_credential(given, date, headers)
        signed = given["signed"].split(";")
        must = {"host"} | {name for name in headers if name.startswith("x-amz-")}
        if signed != sorted(set(signed)) or not must <= set(signed) or not set(signed) <= set(headers):
            raise Refusal(403, "AccessDenied")
        payload_hash = headers.get("x-amz-content-sha256")
        request = canonical_request(handler.command, handler.path, headers, signed, str(payload_hash))
        if not hmac.compare_digest(signature(self.secret, date, self.region, "s3", request), given["signature"]):
            raise Refusal(403, "SignatureDoesNotMatch")
        if payload_hash != hashlib.sha256(body).hexdigest():
            raise Refusal(400, "XAmzContentSHA256Mismatch")

    def check_credential(self, given, date, headers):
        if given["key"] != self.key:
            raise Refusal(403, "InvalidAccessKeyId")
        if given["region"] != self.region or given["service"] != "s3":
            raise Refusal(400, "AuthorizationHeaderMalformed")
        if headers.get("x-amz-security-token") != self.token:
            raise Refusal(403, "InvalidToken")
        when = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.shift_s)
        if abs((now - when).total_seconds()) > SKEW_S:
            raise Refusal(403, "RequestTimeTooSkewed")

    def key_of(self, handler):
        path = urllib.parse.unquote(handler.path.partition("?")[0])
        host = handler.headers["Host"].partition(":")[0]
        if self.in_host:
            if host != f"{self.bucket}.localhost":
                raise Refusal(404, "NoSuchBucket")
            return path[1:]
        if not path.startswith(f"/{self.bucket}/"):
            raise Refusal(404, "NoSuchBucket")
        return path[len(self.bucket) + 2:]

    def act(self, handler, key, body):
        if handler.command == "PUT":
            kept = {k: v for k, v in handler.headers.items() if k.lower() in ("content-type", "cache-control")}
            with self.lock:
                self.objects[key] = (body, kept)
            return 200, {"ETag": f'"{hashlib.md5(body).hexdigest()}"'}, b""
        with self.lock:
            found = self.objects.get(key)
        if not found:
            raise Refusal(*((404, "NoSuchKey") if self.may_list else (403, "AccessDenied")))
        return 200, found[1] | {"ETag": f'"{hashlib.md5(found[0]).hexdigest()}"'}, found[0]
