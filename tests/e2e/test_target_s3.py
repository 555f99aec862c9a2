#!/usr/bin/env python3
"""Publishing to an S3-compatible store: its signatures, by an independent checker; addresses; credentials; refusals in words."""
import datetime
import hashlib
import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

import s3
import tap
from player import WAIT_S

TOP = Path(__file__).resolve().parents[2]
PROBE = Path(os.environ.get("TEST_BUILD", TOP / "build" / "asan")) / "tests/faults/probe_target"
# The example of Amazon's own documentation of the signature ("Examples: Signature Calculations in AWS Signature Version 4").
AMAZON_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
AMAZON_DATE = "20130524T000000Z"


class Checker(unittest.TestCase):
    """The checker itself, by Amazon's examples."""

    def sign(self, method, target, headers, payload):
        headers = {"host": "examplebucket.s3.amazonaws.com", "x-amz-date": AMAZON_DATE, "x-amz-content-sha256": payload, **headers}
        request = s3.canonical_request(method, target, headers, sorted(headers), payload)
        return s3.signature(AMAZON_SECRET, AMAZON_DATE, "us-east-1", "s3", request)

    def test_get_object(self):
        self.assertEqual(self.sign("GET", "/test.txt", {"range": "bytes=0-9"}, hashlib.sha256(b"").hexdigest()),
                         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41")

    def test_put_object(self):
        headers = {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}
        self.assertEqual(self.sign("PUT", "/test%24file.text", headers, hashlib.sha256(b"Welcome to Amazon S3.").hexdigest()),
                         "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd")

    def test_list_objects(self):
        self.assertEqual(self.sign("GET", "/?max-keys=2&prefix=J", {}, hashlib.sha256(b"").hexdigest()),
                         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7")

    def ask(self, store, body, payload, region="cn-north-1", drop=(), date=None):
        """The status of a PUT that is signed by the checker's own arithmetic; headers in `drop` are not signed."""
        date = date or datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        headers = {"host": f"localhost:{store.port}", "x-amz-date": date, "x-amz-content-sha256": payload}
        signed = sorted(set(headers) - set(drop))
        request = s3.canonical_request("PUT", "/signage/x", headers, signed, payload)
        mac = s3.signature(store.secret, date, region, "s3", request)
        headers["Authorization"] = (f"AWS4-HMAC-SHA256 Credential={store.key}/{date[:8]}/{region}/s3/aws4_request, "
                                    f"SignedHeaders={';'.join(signed)}, Signature={mac}")
        connection = http.client.HTTPConnection("127.0.0.1", store.port, timeout=WAIT_S)
        connection.request("PUT", "/signage/x", body, headers)
        status = connection.getresponse().status
        connection.close()
        return status

    def test_each_part_of_a_signature_counts(self):
        store = s3.Store()
        self.addCleanup(store.stop)
        right = hashlib.sha256(b"body").hexdigest()
        self.assertEqual(self.ask(store, b"bodY", right), 400)
        self.assertEqual(self.ask(store, b"body", "UNSIGNED-PAYLOAD"), 400)
        self.assertEqual(self.ask(store, b"body", right, region="us-east-1"), 400)
        self.assertEqual(self.ask(store, b"body", right, drop=["host"]), 403)
        self.assertEqual(self.ask(store, b"body", right, drop=["x-amz-date"]), 403)
        self.assertEqual(self.ask(store, b"body", right, date=AMAZON_DATE), 403)
        self.assertEqual(store.objects, {})
        self.assertEqual(self.ask(store, b"body", right), 200)
        self.assertEqual(store.objects["x"][0], b"body")

    def test_unsigned_is_refused(self):
        store = s3.Store()
        self.addCleanup(store.stop)
        for method in ("GET", "PUT", "HEAD"):
            connection = http.client.HTTPConnection("127.0.0.1", store.port, timeout=WAIT_S)
            connection.request(method, "/signage/x", b"x" if method == "PUT" else None)
            self.assertEqual(connection.getresponse().status, 403)
            connection.close()
        self.assertEqual(store.objects, {})


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="target."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def store(self, **options):
        store = s3.Store(**options)
        self.addCleanup(store.stop)
        return store

    def probe(self, environment, base, *arguments, ok=True):
        """What it printed; a failure is its line, "error CODE TEXT"."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") and not k.lower().endswith("_proxy")}
        done = subprocess.run([PROBE, base, "-", "-", "-", *map(str, arguments)], env=clean | environment, capture_output=True,
                              timeout=WAIT_S)
        out = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, 0 if ok else 1, out + done.stderr.decode(errors="replace"))
        self.assertNotIn(b"Sanitizer", done.stderr)
        return out

    def file(self, name, data):
        path = self.folder / name
        path.write_bytes(data)
        return path


class Works(Case):
    def round_trip(self, store, prefix="a/b"):
        base = f"s3://{store.bucket}/{prefix}"
        variables = store.environment()
        path = self.file("p", b'{"version": 1}')
        error = self.probe(variables, base, "get", "channels/seoul/latest.minisig", 4096, ok=False)
        self.assertRegex(error, r"^error 2 s3://signage/.*latest\.minisig: the server answered 404 \(NoSuchKey\)$")
        self.probe(variables, base, "put", "channels/seoul/p-1.json", path)
        self.assertEqual(self.probe(variables, base, "get", "channels/seoul/p-1.json", 4096), '{"version": 1}')
        key = f"{prefix}/channels/seoul/p-1.json".lstrip("/")
        body, headers = store.objects[key]
        self.assertEqual((body, {k.lower(): v for k, v in headers.items()}),
                         (b'{"version": 1}', {"content-type": "application/json", "cache-control": "no-cache"}))
        media = [(f"media/{i}.jpg", self.file(f"{i}.jpg", os.urandom(100000 * i))) for i in range(6)]
        names = [x for name, file in media for x in (name, file)]
        self.assertEqual(self.probe(variables, base, "look", *names).split(), [w for n, _ in media for w in ("absent", n)])
        self.probe(variables, base, "send", *[x for name, file in media for x in (name, file, file)])
        for name, file in media:
            body, headers = store.objects[f"{prefix}/{name}".lstrip("/")]
            self.assertEqual(body, file.read_bytes())
            self.assertIn("immutable", headers["Cache-Control"])
        self.assertEqual(self.probe(variables, base, "look", *names).split(), [w for n, _ in media for w in ("there", n)])

    def test_bucket_in_the_path(self):
        self.round_trip(self.store())

    def test_bucket_in_the_host(self):
        self.round_trip(self.store(in_host=True))

    def test_no_prefix(self):
        self.round_trip(self.store(), prefix="")

    def test_session_token(self):
        self.round_trip(self.store(token="FwoGZXIvYXdzE/" + "x" * 1500 + "=="))

    def test_large_file_with_expect(self):
        # Over 1 MiB libcurl waits for "100 Continue" first.
        store = self.store()
        path = self.file("large.mp4", os.urandom(5000000))
        out = self.probe(store.environment(), "s3://signage", "send", "media/l.mp4", path, path)
        self.assertEqual(store.objects["media/l.mp4"][0], path.read_bytes())
        self.assertEqual(out.splitlines()[-2:], ["progress 5000000 5000000", "there media/l.mp4"])

    def test_store_that_is_busy_is_asked_again(self):
        store = self.store()
        store.answers = [503, 503]
        path = self.file("a.jpg", os.urandom(1000))
        self.probe(store.environment(), "s3://signage", "send", "media/a.jpg", path, path)
        self.assertEqual(len(store.requests), 3)
        self.assertIn("media/a.jpg", store.objects)

    def test_key_that_may_not_list(self):
        # Such a key is told 403 for what is not there: it is uploaded.
        store = self.store(may_list=False)
        path = self.file("a.jpg", os.urandom(1000))
        self.assertEqual(self.probe(store.environment(), "s3://signage", "look", "media/a.jpg", path), "absent media/a.jpg\n")
        self.probe(store.environment(), "s3://signage", "send", "media/a.jpg", path, path)
        self.assertEqual(self.probe(store.environment(), "s3://signage", "look", "media/a.jpg", path), "there media/a.jpg\n")

    def test_key_that_may_not_list_is_not_told_that_a_pointer_is_missing(self):
        # Else a first version would be published over the one that is there.
        error = self.probe(self.store(may_list=False).environment(), "s3://signage", "get", "latest.minisig", 10, ok=False)
        self.assertRegex(error, r"^error 7 .*403 \(AccessDenied\); perhaps it does not exist: only a key that may list the bucket")

    def test_old_names_of_variables(self):
        store = self.store()
        variables = store.environment()
        variables["AWS_DEFAULT_REGION"] = variables.pop("AWS_REGION")
        variables["AWS_ENDPOINT_URL"] = variables.pop("AWS_ENDPOINT_URL_S3") + "/"
        path = self.file("p", b"x")
        self.probe(variables | {"AWS_REGION": ""}, "s3://signage/", "put", "p.json", path)
        self.assertEqual(list(store.objects), ["p.json"])

    def test_amazons_own_addresses(self):
        # Seen by a proxy, which lets nobody through.
        listener = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listener.close)
        seen = []

        def refuse():
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    seen.append(connection.recv(65536).split()[1].decode())
                    connection.sendall(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        threading.Thread(target=refuse, daemon=True).start()
        variables = {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
                     "https_proxy": f"http://127.0.0.1:{listener.getsockname()[1]}"}
        for base, region, host in (("s3://signage/a", "ap-northeast-2", "signage.s3.ap-northeast-2.amazonaws.com:443"),
                                   ("s3://signage/a", "cn-north-1", "signage.s3.cn-north-1.amazonaws.com.cn:443"),
                                   ("s3://dotted.name", "eu-west-1", "s3.eu-west-1.amazonaws.com:443")):
            self.probe(variables | {"AWS_REGION": region}, base, "get", "x", 10, ok=False)
            self.assertEqual(seen.pop(), host)

    def test_public_names(self):
        store = self.store()
        self.assertEqual(self.probe(store.environment(), "S3://signage/a/", "public", "media/x.jpg"), "s3://signage/a/media/x.jpg\n")


class Refused(Case):
    def put(self, store, words, **changed):
        path = self.file("p", b"x")
        variables = {k: v for k, v in (store.environment() | changed).items() if v is not None}
        error = self.probe(variables, "s3://signage/a", "put", "p.json", path, ok=False)
        self.assertRegex(error, words)
        for secret in ("s3cr3t", "wrong-secret", "token-x"):
            self.assertNotIn(secret, error)
        self.assertEqual(store.objects, {})

    def test_wrong_secret(self):
        self.put(self.store(), r"^error 7 .*p\.json: the server refused: answered 403 \(SignatureDoesNotMatch\)$",
                 AWS_SECRET_ACCESS_KEY="wrong-secret")

    def test_unknown_key(self):
        self.put(self.store(), r"403 \(InvalidAccessKeyId\)", AWS_ACCESS_KEY_ID="AKIDOTHER")

    def test_wrong_token(self):
        self.put(self.store(token="token-y"), r"403 \(InvalidToken\)", AWS_SESSION_TOKEN="token-x")

    def test_wrong_region(self):
        self.put(self.store(), r"^error 6 .*answered 400 \(AuthorizationHeaderMalformed\)", AWS_REGION="eu-west-1")

    def test_clock_that_is_off(self):
        for shift_s in (16 * 60, -16 * 60):
            store = self.store()
            store.shift_s = shift_s
            self.put(store, r"403 \(RequestTimeTooSkewed\); this machine's clock or the store's is wrong")
        store = self.store()
        store.shift_s = 14 * 60
        self.probe(store.environment(), "s3://signage", "put", "p.json", self.file("p", b"x"))
        self.assertIn("p.json", store.objects)

    def test_redirect_is_not_followed(self):
        # Neither the signature nor a session token goes anywhere else.
        store = self.store(token="token-x")
        store.answers = [307]
        self.put(store, r"answered 307 .*redirect that is not followed; is the bucket in another region\?")
        self.assertEqual(len(store.requests), 1)

    def test_file_that_changed(self):
        store = self.store()
        path, hashed = self.file("a.jpg", b"x" * 300000), self.file("b.jpg", b"x" * 299999 + b"y")
        error = self.probe(store.environment(), "s3://signage", "send", "media/a.jpg", path, hashed, ok=False)
        self.assertRegex(error, r"error 1 .*a\.jpg has changed since it was hashed")
        self.assertEqual(store.objects, {})

    def test_bad_addresses_and_variables(self):
        variables = self.store().environment()
        for base, changed, words in (
                ("s3://", {}, "not the name of a bucket"), ("s3:///x", {}, "not the name of a bucket"), ("s3://-a", {}, "not the name of a bucket"),
                ("s3://a b/x", {}, "not the name of a bucket"), ("s3://u:p@b/x", {}, "not the name of a bucket"),
                ("s3://b/작은", {}, "a prefix is made of"), ("s3://b/../c", {}, "a prefix is made of"),
                ("s3://b/x?y", {}, "a prefix is made of"), ("s3://b/x//y", {}, "a prefix is made of"),
                ("s3://b", {"AWS_ACCESS_KEY_ID": ""}, "needs AWS_ACCESS_KEY_ID and"),
                ("s3://b", {"AWS_SECRET_ACCESS_KEY": ""}, "needs AWS_ACCESS_KEY_ID and"),
                ("s3://b", {"AWS_SECRET_ACCESS_KEY": "a\nb"}, "credentials in the environment"),
                ("s3://b", {"AWS_SESSION_TOKEN": "a b"}, "credentials in the environment"),
                ("s3://b", {"AWS_REGION": "cn/north"}, "is not a region"),
                ("s3://b", {"AWS_REGION": "", "AWS_ENDPOINT_URL_S3": ""}, "needs AWS_REGION"),
                ("s3://b", {"AWS_ENDPOINT_URL_S3": "minio:9000"}, "AWS_ENDPOINT_URL must be"),
                ("s3://b", {"AWS_ENDPOINT_URL_S3": "http://u:p@h/"}, "AWS_ENDPOINT_URL must be"),
                ("s3://b", {"AWS_ENDPOINT_URL_S3": "http://h/?x"}, "AWS_ENDPOINT_URL must be"),
                ("s3://b", {"AWS_ENDPOINT_URL_S3": "ftp://h/"}, "AWS_ENDPOINT_URL must be")):
            with self.subTest(base=base, changed=changed):
                self.assertRegex(self.probe(variables | changed, base, "public", "x", ok=False), "^error 1 .*" + words)


if __name__ == "__main__":
    tap.main()
