# SPDX-License-Identifier: Apache-2.0
"""S3 as the tests need it: a real server process (moto) and, in front of it, a gate that does what AWS does and the
server does not: it checks signatures, regions, accounts and tokens, hands out roles, and breaks things on demand.

Everything is on loopback. The gate remembers every request.
"""

import datetime
import hashlib
import http.client
import http.server
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
import urllib.parse
import uuid

import boto3
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

MAIN = ("AKIAMAINEXAMPLE00001", "main-secret-that-nobody-may-see")
OTHER = ("AKIAOTHEREXAMPLE0002", "other-secret-that-nobody-may-see")
SECRETS = [MAIN[1], OTHER[1]]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, limit_s=30):
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}")


class Server:
    """The S3 server process, without the gate."""

    def __init__(self):
        self.port = free_port()
        environment = dict(os.environ, MOTO_IAM_LOAD_MANAGED_POLICIES="false")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        wait_for_port(self.port)
        self.client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{self.port}", region_name="us-east-1",
                                   aws_access_key_id="x", aws_secret_access_key="x",
                                   config=Config(s3={"addressing_style": "path"}))

    def stop(self):
        self.process.kill()
        self.process.wait()


class Request:
    """What the gate saw of one request."""

    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        parts = urllib.parse.urlsplit(target)
        self.path, self.query = parts.path, dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
        self.host = headers.get("host", "")
        found = re.match(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/([^/]+)/aws4_request, "
                         r"SignedHeaders=([^,]+), Signature=(\w+)", headers.get("authorization", ""))
        self.key, self.day, self.region, self.service, self.signed, self.signature = found.groups() if found else [None] * 6
        self.bucket, self.object = "", ""
        self.status = None

    def __repr__(self):
        return f"{self.method} {self.host}{self.target} {self.headers.get('range', '')} -> {self.status}"


class Refusal(Exception):
    def __init__(self, status, code, message, headers=None, extra=""):
        super().__init__(message)
        self.status, self.code, self.message, self.headers, self.extra = status, code, message, headers or {}, extra


class Gate(http.server.ThreadingHTTPServer):
    """Stands before the server. `rules` are called with each Request and may return an action: an HTTP status, "cut"
    (half of the reply), "cut-reply" (done, but no reply), "drop" (neither), "stall" (nothing for long), "slow" (in
    small pieces)."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, server):
        super().__init__(("127.0.0.1", 0), Handler)
        self.server = server
        self.port = self.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()
        self.forget()

    def forget(self):
        """Back to the beginning: nothing is broken, nothing was asked."""
        self.rules = []
        self.requests = []
        self.keys = {MAIN[0]: MAIN[1], OTHER[0]: OTHER[1]}
        self.tokens = {}        # session token: (access key, end in seconds since 1970)
        self.roles = {}         # ARN: external id
        self.regions = {}       # bucket: region
        self.allowed = {}       # bucket: access keys; a bucket that is not here is for everybody
        self.payers = set()     # buckets whose readers pay
        self.public = set()
        self.instance_role = None  # credentials of the instance, as a dict
        self.problems = []

    def once(self, action, times=1, **wanted):
        """Breaks the next requests whose attributes are as wanted."""
        left = [times]

        def rule(request):
            if left[0] > 0 and all(getattr(request, name) == value for name, value in wanted.items()):
                left[0] -= 1
                return action
            return None
        self.rules.append(rule)

    def seen(self, **wanted):
        return [r for r in self.requests if all(getattr(r, name) == value for name, value in wanted.items())]

    def new_key(self, valid_s=3600):
        """Temporary credentials, as STS and instances give them."""
        key, secret, token = "ASIA" + uuid.uuid4().hex[:16].upper(), "temporary-" + uuid.uuid4().hex, uuid.uuid4().hex
        self.keys[key] = secret
        self.tokens[token] = (key, time.time() + valid_s)
        SECRETS.extend([secret, token])
        end = datetime.datetime.fromtimestamp(time.time() + valid_s, datetime.timezone.utc)
        return {"AccessKeyId": key, "SecretAccessKey": secret, "Token": token, "SessionToken": token,
                "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ"), "Code": "Success", "Version": 1}

    def role_of_key(self, key):
        return next((arn for arn, keys in getattr(self, "taken", {}).items() if key in keys), None)

    def handle_error(self, request, client_address):
        pass  # clients that go away are part of the tests

    # What AWS checks.

    def locate(self, request):
        """Bucket and key, from the path or from the host's first name."""
        name = request.host.split(":")[0]
        labels = name.split(".")
        path = urllib.parse.unquote(request.path)
        host_region = None
        if name.endswith(".localhost"):
            host_region = labels[-2]
            if len(labels) > 2:
                request.bucket, request.object = ".".join(labels[:-2]), path[1:]
                return host_region
        parts = path[1:].split("/", 1)
        request.bucket, request.object = parts[0], parts[1] if len(parts) > 1 else ""
        return host_region

    def check(self, request, host_region):
        if request.key is None:
            if request.bucket not in self.public:
                raise Refusal(403, "AccessDenied", "Access Denied")
            return
        secret = self.keys.get(request.key)
        if secret is None:
            raise Refusal(403, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
        self.check_signature(request, secret)
        token = request.headers.get("x-amz-security-token")
        if request.key.startswith("ASIA") and self.tokens.get(token, ("",))[0] != request.key:
            raise Refusal(400, "InvalidToken", "The provided token is malformed or otherwise invalid.")
        if token is not None and self.tokens[token][1] < time.time():
            raise Refusal(400, "ExpiredToken", "The provided token has expired.")
        if request.service != "s3":
            return
        region = self.regions.get(request.bucket)
        if region and host_region and host_region != region:
            raise Refusal(301, "PermanentRedirect", "The bucket you are attempting to access must be addressed using the "
                          "specified endpoint.", {"x-amz-bucket-region": region})
        if region and request.region != region:
            raise Refusal(400, "AuthorizationHeaderMalformed", f"The authorization header is malformed; the region "
                          f"'{request.region}' is wrong; expecting '{region}'", {"x-amz-bucket-region": region},
                          f"<Region>{region}</Region>")
        allowed = self.allowed.get(request.bucket)
        if allowed is not None and request.key not in allowed and self.role_of_key(request.key) not in allowed:
            raise Refusal(403, "AccessDenied", "Access Denied")
        if request.bucket in self.payers and request.headers.get("x-amz-request-payer") != "requester":
            raise Refusal(403, "AccessDenied", "Access Denied")

    def check_signature(self, request, secret):
        names = request.signed.split(";")
        for name in ("host", "x-amz-date") + (("x-amz-content-sha256",) if request.service == "s3" else ()):
            if name not in names:
                raise Refusal(403, "AccessDenied", f"{name} is not signed")
        for name in request.headers:
            if name.startswith("x-amz-") and name not in names:
                raise Refusal(403, "AccessDenied", f"{name} is not signed")
        signed = AWSRequest(request.method, f"http://{request.host}{request.target}", data=request.body)
        for name in names:
            signed.headers[name] = request.headers[name]
        signed.context["timestamp"] = request.headers["x-amz-date"]
        kind = S3SigV4Auth if request.service == "s3" else SigV4Auth
        auth = kind(Credentials(request.key, secret), request.service, request.region)
        text = auth.string_to_sign(signed, auth.canonical_request(signed))
        if auth.signature(text, signed) != request.signature:
            raise Refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the "
                          "signature you provided. Check your key and signing method.")
        digest = request.headers.get("x-amz-content-sha256")
        if digest and digest != hashlib.sha256(request.body).hexdigest():
            raise Refusal(400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match.")

    # Services beside S3. One address serves them all: tests name it for each.

    def security_token_service(self, request):
        form = dict(urllib.parse.parse_qsl(request.body.decode()))
        action = form["Action"]
        request.object = action
        if action == "AssumeRoleWithWebIdentity":
            if form["WebIdentityToken"] != "a-web-identity-token":
                raise Refusal(400, "InvalidIdentityToken", "Missing a claim")
        else:
            self.check(request, None)
        if action == "GetCallerIdentity":
            arn = self.role_of_key(request.key) or f"arn:aws:iam::111122223333:user/{request.key[4:8].lower()}"
            return f"<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>"
        arn = form["RoleArn"]
        if arn not in self.roles or self.roles[arn] != form.get("ExternalId"):
            raise Refusal(403, "AccessDenied", f"User is not authorized to perform: sts:AssumeRole on resource: {arn}")
        given = self.new_key(int(form.get("DurationSeconds", 3600)))
        self.taken = getattr(self, "taken", {})
        self.taken.setdefault(arn, set()).add(given["AccessKeyId"])
        inner = "".join(f"<{name}>{given[name]}</{name}>" for name in
                        ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"))
        return f"<{action}Response><{action}Result><Credentials>{inner}</Credentials></{action}Result></{action}Response>"

    def machine_service(self, request):
        if request.path == "/latest/container":
            if request.headers.get("authorization") != "a-container-token":
                raise Refusal(401, "Unauthorized", "")
            return json.dumps(self.instance_role())
        if request.path == "/latest/api/token":
            if request.method != "PUT" or "x-aws-ec2-metadata-token-ttl-seconds" not in request.headers:
                raise Refusal(400, "Bad", "")
            return "a-metadata-token"
        if request.headers.get("x-aws-ec2-metadata-token") != "a-metadata-token":
            raise Refusal(401, "Unauthorized", "")
        if self.instance_role is None:
            raise Refusal(404, "NotFound", "")
        return json.dumps(self.instance_role()) if request.path.endswith("/node-role") else "node-role\n"

    def stop(self):
        self.shutdown()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def answer(self):
        gate = self.server
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        host_region = gate.locate(request)
        with gate.lock:
            gate.requests.append(request)
            action = next((found for found in (rule(request) for rule in gate.rules) if found), None)
        try:
            if action in ("drop", "stall"):
                time.sleep(30 if action == "stall" else 0)
                self.close_connection = True
                return
            if isinstance(action, int):
                code = {503: "SlowDown", 500: "InternalError", 403: "AccessDenied"}.get(action, "Error")
                raise Refusal(action, code, "Please reduce your request rate." if action == 503 else "We broke it.")
            if isinstance(action, Refusal):
                raise action
            self.serve_request(gate, request, host_region, action)
        except Refusal as refusal:
            text = (f"<?xml version=\"1.0\"?><Error><Code>{refusal.code}</Code><Message>{refusal.message}</Message>"
                    f"{refusal.extra}<StringToSign>{headers.get('authorization', '')}</StringToSign></Error>").encode()
            self.reply(request, refusal.status, dict(refusal.headers, **{"content-type": "application/xml"}), text)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

    def serve_request(self, gate, request, host_region, action):
        if request.path.startswith("/latest/"):
            return self.reply(request, 200, {}, gate.machine_service(request).encode())
        if request.method == "POST" and request.body.startswith(b"Action=") or request.service == "sts":
            return self.reply(request, 200, {"content-type": "text/xml"}, gate.security_token_service(request).encode())
        gate.check(request, host_region)
        status, headers, body = self.forward(gate, request)
        if action == "cut-reply":
            self.close_connection = True
            return
        region = gate.regions.get(request.bucket)
        if request.method == "HEAD" and not request.object and region:
            headers["x-amz-bucket-region"] = region
        if request.method == "GET" and request.object and status in (200, 206):
            etag = request.headers.get("if-match")
            if etag and etag != headers.get("etag"):
                raise Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
        self.reply(request, status, headers, body, action)

    def forward(self, gate, request):
        """To the server behind, in path style."""
        query = urllib.parse.urlsplit(request.target).query
        path = "/" + request.bucket + ("/" + urllib.parse.quote(request.object) if request.object else "")
        if request.path.endswith("/") and not request.object:
            path += "/"
        connection = http.client.HTTPConnection("127.0.0.1", gate.server.port)
        headers = {name: value for name, value in request.headers.items() if name not in ("host", "if-match")}
        headers.setdefault("authorization", f"AWS4-HMAC-SHA256 Credential={MAIN[0]}/20260101/us-east-1/s3/aws4_request, "
                                            "SignedHeaders=host, Signature=0")
        connection.request(request.method, path + ("?" + query if query else ""), request.body, headers)
        reply = connection.getresponse()
        body = reply.read()
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        body = body.replace(b"2010-11-10T20:48:33.000Z", now.encode())  # the server's time of every upload
        kept = {name.lower(): value for name, value in reply.getheaders()
                if name.lower() not in ("transfer-encoding", "connection", "server", "date")}
        if request.method != "HEAD":
            kept.pop("content-length", None)
        connection.close()
        return reply.status, kept, body

    def reply(self, request, status, headers, body, action=None):
        request.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if request.method != "HEAD" or "content-length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if request.method == "HEAD":
            return
        if action == "cut":
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
        elif action == "slow":
            for at in range(0, len(body), max(1, len(body) // 20)):
                self.wfile.write(body[at:at + max(1, len(body) // 20)])
                self.wfile.flush()
                time.sleep(0.02)
        else:
            self.wfile.write(body)


def profile_files(folder, config="", credentials=""):
    """Environment for evclean with these files, and nothing of the machine's own account."""
    (folder / "aws-config").write_text(config)
    (folder / "aws-credentials").write_text(credentials)
    return {"AWS_CONFIG_FILE": str(folder / "aws-config"), "AWS_SHARED_CREDENTIALS_FILE": str(folder / "aws-credentials")}


def environment(gate, folder, account=MAIN, **more):
    """What an evclean of the tests sees: this account, this endpoint, no other source of credentials."""
    env = profile_files(folder)
    env.update({"AWS_ENDPOINT_URL": gate.url, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
                "EVCLEAN_S3_STALL_S": "2", "http_proxy": "", "https_proxy": "", "HTTPS_PROXY": ""})
    if account:
        env.update({"AWS_ACCESS_KEY_ID": account[0], "AWS_SECRET_ACCESS_KEY": account[1]})
    env.update(more)
    return env
