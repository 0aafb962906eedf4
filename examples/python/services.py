"""The two services as docs/wire.md describes them: one connection a request, retries, both clocks, renewed certificates."""

import email.utils
import hashlib
import http.client
import random
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

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code


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

    def __init__(self, template, session, vod, renew):
        """`renew` gives the session another certificate."""
        path = session["MediaStoragePath"]
        if any(part in (".", "..") for part in path.split("/")):
            raise Refused("the storage path has dot segments")  # §4.3
        self.path = "/" + path.removeprefix("/")
        self.origin = template.format(bucket=session["StorageBucket"], region=session["StorageRegion"])
        self.session, self.renew = session, renew
        self.clock_offset = vod.clock_offset  # from here on COS has its own (§6.11)

    def once(self, method, query=None, body=b"", content_type=None, timeout=IDLE_SECONDS):
        query, certificate = query or {}, self.session["TempCertificate"]
        headers = {"Host": urllib.parse.urlsplit(self.origin).netloc, "x-cos-security-token": certificate["Token"]}
        if method in ("PUT", "POST"):
            headers["Content-Length"] = str(len(body))
        if content_type:
            headers["Content-Type"] = content_type
        start = int(time.time()) + self.clock_offset - 60
        keys = (start, start + 900, certificate["SecretId"], certificate["SecretKey"])
        headers["Authorization"] = wire.sign_cos(method, self.path, query, headers, *keys)["authorization"]
        text = "&".join(f"{wire.enc(name)}={wire.enc(value)}" for name, value in query.items())
        target = wire.key_path(self.path) + ("?" + text if text else "")
        return exchange(self.origin, method, target, headers, body, timeout)

    def attempt(self, *args, **options):
        """§6.20: sends once more, and only once, where the clock or the certificate was at fault."""
        resynced = renewed = False
        while True:
            answer = self.once(*args, **options)
            if not resynced and self._resync(answer):
                resynced = True
            elif not renewed and error_code(answer) == "ExpiredToken":
                self.renew()
                renewed = True
            else:
                return answer

    def _resync(self, answer):
        """§6.11: True where the clock was what COS refused, and is corrected."""
        skewed = error_code(answer) == "RequestTimeTooSkewed" or b">Request has expired<" in answer.body
        if answer.status != 403 or not skewed or "Date" not in answer.headers:
            return False
        served = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()
        self.clock_offset = round(served - time.time())
        return True

    def request(self, *args, **options):
        return retrying(lambda: self.checked(self.attempt(*args, **options)))

    @staticmethod
    def checked(answer):
        if 200 <= answer.status < 300:
            return answer
        code = error_code(answer) or f"status {answer.status}"
        damaged = code in ("BadDigest", "IncompleteBody", "RequestTimeout")  # §6.20
        if damaged or answer.status >= 500 or answer.status in (408, 429):
            raise Passing(f"COS: {code}", retry_after(answer))
        raise Refused(f"COS: {code} (request {answer.headers.get('x-cos-request-id')})", code)

    def put(self, data, content_type):
        """§6.2"""
        self.whole(lambda: self.request("PUT", body=data, content_type=content_type), data)

    def put_in_parts(self, file, size, part_size, content_type, upload_id=None, begun=lambda _: None):
        """§6.3 to §6.8, §9.4; `begun` is told the id of an upload before its first part is sent."""
        try:
            parts, crc = [], 0
            there = {} if upload_id is None else self.listed_parts(upload_id)
            if there is None:
                return self.left_there(file, size)
            if upload_id is None:
                started = self.request("POST", {"uploads": ""}, content_type=content_type)
                upload_id = answers.read_document("initiateResult", started.body)["uploadId"]
                begun(upload_id)
            for number in range(1, -(-size // part_size) + 1):
                data = file.read(part_size)
                etag = f'"{hashlib.md5(data).hexdigest()}"'
                if there.get(number) != etag:  # a listed part may be another's (§9.4)
                    query = {"partNumber": str(number), "uploadId": upload_id}
                    etag = self.whole(lambda query=query, data=data: self.request("PUT", query, data), data).headers["ETag"]
                parts.append((number, etag))
                crc = wire.crc64_combine(crc, wire.crc64(data), len(data))
            self.complete(upload_id, parts, size, str(crc))
            return True
        except Exception:
            try:
                if upload_id is not None:
                    self.once("DELETE", {"uploadId": upload_id})  # §9.3
            except Passing:
                pass  # What went wrong first is what counts.
            raise

    def listed_parts(self, upload_id):
        """§6.5: ETag by part number; None where the upload is gone."""
        parts, marker = {}, None
        while True:
            query = {"uploadId": upload_id, "max-parts": "1000"}
            if marker is not None:
                query["part-number-marker"] = str(marker)
            try:
                page = answers.read_document("listPartsResult", self.request("GET", query).body)
            except Refused as error:
                if error.code == "NoSuchUpload":
                    return None
                raise
            # The document's reader takes the quotes away.
            parts.update({part["partNumber"]: f'"{part["etag"]}"' for part in page["parts"]})
            if not page["isTruncated"]:
                return parts
            marker = page["nextPartNumberMarker"]

    def left_there(self, file, size):
        """§9.4: whether an upload that is gone had been completed: the object is there, with the bytes of the file."""
        crc = 0
        for data in iter(lambda: file.read(2**20), b""):
            crc = wire.crc64_combine(crc, wire.crc64(data), len(data))
        file.seek(0)
        return self.is_stored(size, str(crc))

    def is_stored(self, size, crc):
        """§6.9: False where nothing lies at the key."""
        head = self.attempt("HEAD")
        if head.status != 200:
            return False
        known = head.headers.get("x-cos-hash-crc64ecma", crc)
        if (head.headers.get("Content-Length"), known) == (str(size), crc):
            return True
        raise Refused("another object lies at the key")

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
                answer = self.attempt("POST", {"uploadId": upload_id}, body, "application/xml", COMPLETE_SECONDS)
            except Passing:
                answer = None
            if answer is not None:
                if is_complete(answer):
                    if answer.headers.get("x-cos-hash-crc64ecma", crc) == crc:
                        return
                    raise Refused("the object has another CRC64 than the file")  # §11.3
                if 400 <= answer.status < 500 and error_code(answer) != "NoSuchUpload":
                    self.checked(answer)
            if self.is_stored(size, crc):
                return
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
