# SPDX-License-Identifier: Apache-2.0
"""AWS for tests: moto's server, and before it a proxy that answers what moto does not know (aws/README.md lists it) or
what a test wants to go wrong."""

import contextlib
import http.client
import http.server
import io
import json
import os
import pathlib
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import botocore.loaders
import botocore.session

# Each session reads AWS's descriptions anew (a second of work for EC2 alone): here all share them.
_loader = botocore.loaders.create_loader()
botocore.session.create_loader = lambda *_: _loader
botocore.loaders.create_loader = lambda *_: _loader

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "aws"))
SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLESECRET"  # of no account
ACCESS_KEY = "AKIAIOSFODNN7EXAMPLE"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Request:
    def __init__(self, handler, body):
        self.method, self.path, self.headers, self.body = handler.command, handler.path, handler.headers, body
        self.target = (handler.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        text = body.decode("latin-1") if len(body) < 100_000 else ""
        self.action = next((part[7:] for part in text.split("&") if part.startswith("Action=")), "")
        authorization = handler.headers.get("Authorization") or ""
        self.region = authorization.split("/")[2] if authorization.count("/") >= 4 else ""
        self.text = text


def json_answer(data, status=200):
    return status, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(data).encode()


def xml_answer(text, status=200):
    return status, {"Content-Type": "text/xml"}, text.encode()


def ec2_error(code, message, status=400):
    return xml_answer(f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
                      "<RequestID>x</RequestID></Response>", status)


def json_error(code, message, status=400):
    return json_answer({"__type": code, "message": message}, status)


def s3_error(code, status, headers=None):
    body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return status, {"Content-Type": "application/xml", **(headers or {})}, body.encode()


class Cloud:
    """moto and the proxy; `rules` are functions that get a Request and return an answer, or None to pass it on."""

    def __init__(self):
        self.moto_port, self.rules, self.seen = free_port(), [], []
        self.moto = subprocess.Popen([str(pathlib.Path(sys.executable).with_name("moto_server")), "-H", "127.0.0.1", "-p", str(self.moto_port)],
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cloud = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def any(self):
                if self.headers.get("Transfer-Encoding") == "chunked":
                    body = b""
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                else:
                    body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                request = Request(self, body)
                cloud.seen.append(request)
                answer = next((found for found in (rule(request) for rule in reversed(cloud.rules)) if found), None)
                status, headers, text = answer or cloud.forward(request)
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                if "Content-Length" not in headers:
                    self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = any

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self._wait()

    def _wait(self):
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.moto_port), 0.2).close()
                return
            time.sleep(0.05)
        raise AssertionError("moto's server did not start")

    def forward(self, request):
        connection = http.client.HTTPConnection("127.0.0.1", self.moto_port, timeout=60)
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("transfer-encoding", "connection", "expect")}
        headers["Content-Length"] = str(len(request.body))
        connection.request(request.method, request.path, request.body, headers)
        answer = connection.getresponse()
        body = answer.read()
        kept = {k: v for k, v in answer.getheaders() if k.lower() not in ("connection", "transfer-encoding", "server", "date")}
        if request.method != "HEAD":
            kept["Content-Length"] = str(len(body))
        connection.close()
        return answer.status, kept, body

    def reset(self):
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.moto_port}/moto-api/reset", method="POST")).read()
        self.rules[:] = [gaps]
        self.seen.clear()

    def close(self):
        self.server.shutdown()
        self.moto.terminate()
        self.moto.wait()


def gaps(request):
    """What every account has and moto's does not."""
    if request.target == "GetServiceQuota":
        return json_answer({"Quota": {"Value": 256.0}})
    if request.action in ("CreatePlacementGroup", "DeletePlacementGroup"):
        return xml_answer(f"<{request.action}Response><return>true</return></{request.action}Response>")
    if request.action == "SimulatePrincipalPolicy":
        return xml_answer('<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><EvaluationResults><member>'
                          '<EvalActionName>x</EvalActionName><EvalDecision>allowed</EvalDecision></member></EvaluationResults>'
                          '</SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>')
    return None


def environment(cloud, folder):
    """What a command sees: two profiles, no others, and our cloud."""
    (folder / "credentials").write_text(f"[work]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET}\n"
                                        "[logs-owner]\naws_access_key_id = AKIAI44QH8DHBEXAMPLE\naws_secret_access_key = je7MtGbClwBF2Zp9Utkh3yCo8nvbEXAMPLEKEY\n")
    (folder / "credentials").chmod(0o600)
    (folder / "aws_config").write_text("[profile work]\nregion = eu-central-1\n")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return {**kept, "AWS_SHARED_CREDENTIALS_FILE": str(folder / "credentials"), "AWS_CONFIG_FILE": str(folder / "aws_config"),
            "AWS_ENDPOINT_URL": cloud.url, "AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "HOME": str(folder),
            "EVCLEAN_AWS_SECONDS": "0.05"}


class Result:
    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit code {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


def command(folder, *words):
    """evclean-aws in this process: starting Python and boto3 anew takes a second each."""
    from evclean_aws import cli
    out, err = io.StringIO(), io.StringIO()
    before = os.getcwd()
    os.chdir(folder)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                cli.main([str(word) for word in words])
                code = 0
            except SystemExit as end:
                code = end.code or 0
    finally:
        os.chdir(before)
    return Result(code, out.getvalue(), err.getvalue())
