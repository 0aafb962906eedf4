#!/usr/bin/env python3
"""Uploads one file to Tencent Cloud VOD and prints its FileId: the smallest client that does what docs/wire.md asks.

    TENCENTCLOUD_SECRET_ID=… TENCENTCLOUD_SECRET_KEY=… python3 vodup_min.py FILE

VODUP_VOD_ENDPOINT and VODUP_COS_ENDPOINT lead it elsewhere, VODUP_MEDIA_TYPE and VODUP_PART_SIZE replace what is guessed,
so `vodup conformance -- python3 vodup_min.py` judges it. One connection, one part after another, no resuming: it is there
to be read and translated. Sections cited are those of docs/wire.md.
"""

import email.utils
import hashlib
import http.client
import os
import pathlib
import random
import sys
import time
import urllib.parse

import answers
import wire

ATTEMPTS = 6
IDLE_SECONDS = 30
COMPLETE_SECONDS = 300


class Passing(Exception):
    """No usable answer; whether the service did something is not known."""

    def __init__(self, message, retry_after=0.0):
        super().__init__(message)
        self.retry_after = retry_after


class Refused(Exception):
    """The same request would be refused again. The text holds no answer: one may repeat a token (§5.11)."""


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


def exchange(origin, method, target, headers, body, timeout=IDLE_SECONDS):
    """One request on a connection of its own, its answer read to the end. `target` goes out as it is (§5.9)."""
    url = urllib.parse.urlsplit(origin)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname, url.port, timeout=timeout)
    try:
        connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        return Answer(connection.getresponse())
    except (OSError, http.client.HTTPException) as error:
        raise Passing(f"{method}: {type(error).__name__}") from None
    finally:
        connection.close()


def retrying(send):
    """§11.5 to §11.8: bounded attempts, full jitter, Retry-After as a lower bound; `send` signs anew each time."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return send()
        except Passing as error:
            if attempt == ATTEMPTS:
                raise
            time.sleep(max(error.retry_after, random.random() * min(8, 0.5 * 2**attempt)))
    raise AssertionError("unreachable")


def retry_after(answer):
    text = answer.headers.get("Retry-After", "")
    return min(60.0, float(text)) if text.isdigit() else 0.0


class Vod:
    """§2 to §4, §10: the JSON API."""

    def __init__(self, endpoint, secret_id, secret_key, region="ap-singapore"):
        self.endpoint, self.region = endpoint, region
        self.secret_id, self.secret_key = secret_id, secret_key
        self.clock_offset = 0

    def now(self):
        return int(time.time()) + self.clock_offset

    def call(self, action, **params):
        return retrying(lambda: self._once(action, wire.json_body(params)))

    def _once(self, action, body, may_correct_clock=True):
        timestamp, host = self.now(), urllib.parse.urlsplit(self.endpoint).netloc
        headers = {
            "Host": host,
            "Content-Type": "application/json",
            "X-TC-Action": action,
            "X-TC-Version": "2018-07-17",
            "X-TC-Timestamp": str(timestamp),
            "X-TC-Region": self.region,
            "Content-Length": str(len(body)),
        }
        signature = wire.sign_tc3("POST", host, headers, body, "vod", timestamp, self.secret_id, self.secret_key)
        headers["Authorization"] = signature["authorization"]
        answer = exchange(self.endpoint, "POST", "/", headers, body)
        kind, content = answers.read_envelope(answer.status, answer.body)
        if kind == "success":
            return content
        if kind == "gateway":
            error = f"{action}: status {answer.status} from a gateway"
            raise Passing(error, retry_after(answer)) if content else Refused(error)
        code, request_id = content
        if code == "AuthFailure.SignatureExpire" and may_correct_clock and "Date" in answer.headers:
            served = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()
            self.clock_offset = round(served - time.time())  # §3.6
            return self._once(action, body, may_correct_clock=False)
        if code.split(".")[0] in ("InternalError", "RequestLimitExceeded"):
            raise Passing(f"{action}: {code}", retry_after(answer))
        raise Refused(f"{action}: {code} (request {request_id})")


class Cos:
    """§5 and §6: the requests of one upload session."""

    def __init__(self, template, session, now):
        certificate = session["TempCertificate"]
        path = session["MediaStoragePath"]
        if any(part in (".", "..") for part in path.split("/")):
            raise Refused("the storage path has dot segments")  # §4.3
        self.path = "/" + path.removeprefix("/")
        self.origin = template.format(bucket=session["StorageBucket"], region=session["StorageRegion"])
        self.secret_id, self.secret_key = certificate["SecretId"], certificate["SecretKey"]
        self.token, self.now = certificate["Token"], now

    def once(self, method, query=None, body=b"", content_type=None, timeout=IDLE_SECONDS):
        query = query or {}
        headers = {"Host": urllib.parse.urlsplit(self.origin).netloc, "x-cos-security-token": self.token}
        if method in ("PUT", "POST"):
            headers["Content-Length"] = str(len(body))
        if content_type:
            headers["Content-Type"] = content_type
        start = self.now() - 60
        keys = (start, start + 900, self.secret_id, self.secret_key)
        headers["Authorization"] = wire.sign_cos(method, self.path, query, headers, *keys)["authorization"]
        text = "&".join(f"{wire.enc(name)}={wire.enc(value)}" for name, value in query.items())
        target = wire.key_path(self.path) + ("?" + text if text else "")
        return exchange(self.origin, method, target, headers, body, timeout)

    def request(self, *args, **options):
        return retrying(lambda: self.checked(self.once(*args, **options)))

    @staticmethod
    def checked(answer):
        if 200 <= answer.status < 300:
            return answer
        code = error_code(answer) or f"status {answer.status}"
        if answer.status >= 500 or answer.status in (408, 429):
            raise Passing(f"COS: {code}", retry_after(answer))
        raise Refused(f"COS: {code} (request {answer.headers.get('x-cos-request-id')})")

    def put(self, data, content_type):
        """§6.2"""
        self.whole(lambda: self.request("PUT", body=data, content_type=content_type), data)

    def put_in_parts(self, file, size, part_size, content_type):
        """§6.3 to §6.8"""
        started = self.request("POST", {"uploads": ""}, content_type=content_type)
        upload_id = answers.read_document("initiateResult", started.body)["uploadId"]
        try:
            parts, crc = [], 0
            for number in range(1, -(-size // part_size) + 1):
                data = file.read(part_size)
                query = {"partNumber": str(number), "uploadId": upload_id}
                answer = self.whole(lambda query=query, data=data: self.request("PUT", query, data), data)
                parts.append((number, answer.headers["ETag"]))
                crc = wire.crc64_combine(crc, wire.crc64(data), len(data))
            self.complete(upload_id, parts, size, str(crc))
        except Exception:
            try:
                self.once("DELETE", {"uploadId": upload_id})  # §9.3
            except Passing:
                pass  # What went wrong first is what counts.
            raise

    @staticmethod
    def whole(send, data):
        """§8.3, §8.4: sends again what arrived otherwise than it left."""
        for _ in range(3):
            answer = send()
            if answer.headers.get("ETag") == f'"{hashlib.md5(data).hexdigest()}"':
                return answer
        raise Refused("what is stored is not what was sent")

    def complete(self, upload_id, parts, size, crc):
        """§6.6, §6.7 and §11.2: the document decides; where there is none, HEAD does."""
        items = "".join(
            f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>" for number, etag in parts
        )
        body = f"<CompleteMultipartUpload>{items}</CompleteMultipartUpload>".encode()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self.once("POST", {"uploadId": upload_id}, body, "application/xml", COMPLETE_SECONDS)
            except Passing:
                answer = None
            if answer is not None:
                if is_complete(answer):
                    if answer.headers.get("x-cos-hash-crc64ecma", crc) == crc:
                        return
                    raise Refused("the object has another CRC64 than the file")  # §11.3
                if 400 <= answer.status < 500 and error_code(answer) != "NoSuchUpload":
                    self.checked(answer)
            head = self.once("HEAD")
            if head.status == 200:
                known = head.headers.get("x-cos-hash-crc64ecma", crc)
                if (head.headers.get("Content-Length"), known) == (str(size), crc):
                    return
                raise Refused("another object lies at the key")
            time.sleep(random.random() * min(8, 0.5 * 2**attempt))
        raise Passing("Complete does not succeed")


def error_code(answer):
    """§6.10: the code of an error document; None where there is none."""
    try:
        return answers.read_document("error", answer.body)["code"]
    except answers.DocumentError:
        return None


def is_complete(answer):
    """§6.7: whether this is the document that says so."""
    try:
        return bool(answers.read_document("completeResult", answer.body))
    except answers.DocumentError:
        return False


def upload(path, environment):
    """§9: apply, transfer, commit."""
    vod = Vod(
        environment.get("VODUP_VOD_ENDPOINT", "https://vod.intl.tencentcloudapi.com"),
        environment["TENCENTCLOUD_SECRET_ID"],
        environment["TENCENTCLOUD_SECRET_KEY"],
    )
    size = path.stat().st_size
    media_type = environment.get("VODUP_MEDIA_TYPE") or path.suffix.removeprefix(".")
    part_size = int(environment.get("VODUP_PART_SIZE") or wire.plan_parts(size)["partSize"])
    session = vod.call("ApplyUpload", MediaType=media_type, MediaName=path.stem)
    template = environment.get("VODUP_COS_ENDPOINT", "https://{bucket}.cos.{region}.myqcloud.com")
    cos = Cos(template, session, vod.now)
    with path.open("rb") as file:
        if size <= part_size:
            cos.put(file.read(), f"video/{media_type}")
        else:
            cos.put_in_parts(file, size, part_size, f"video/{media_type}")
    return vod.call("CommitUpload", VodSessionKey=session["VodSessionKey"])["FileId"]


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("VODUP_FILE")
    if path is None:
        print("usage: vodup_min.py FILE", file=sys.stderr)
        return 2
    try:
        print(upload(pathlib.Path(path), os.environ))
    except (Passing, Refused, answers.DocumentError, OSError, KeyError) as error:
        print(f"vodup_min: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
