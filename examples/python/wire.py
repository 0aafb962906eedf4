"""The pure functions of docs/wire.md in Python, standard library only. Every section cited is one of that document."""

import base64
import hashlib
import hmac
import json
import math
import time
import urllib.parse


def enc(text):
    """§1.2: percent-encoding of the UTF-8 bytes; `A-Z a-z 0-9 - _ . ~` stay."""
    return urllib.parse.quote(text, safe="-_.~")


def key_path(path):
    """§5.9: a decoded path as it goes into the request line."""
    return urllib.parse.quote(path, safe="/-_.~")


def storage_key(path):
    """§4.3: the key of a storage path, or why there is none."""
    key = path.removeprefix("/")
    if not key:
        return {"error": "empty"}
    if any(part in (".", "..") for part in key.split("/")):
        return {"error": "dot-segment"}
    if len(key.encode()) > 850:
        return {"error": "too-long"}
    return {"key": key, "signedPath": "/" + key, "requestPath": "/" + key_path(key)}


def _hmac(algorithm, key, text):
    key, text = (part.encode() if isinstance(part, str) else part for part in (key, text))
    return hmac.new(key, text, algorithm).digest()


def sha256(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def sign_tc3(method, host, headers, body, service, timestamp, secret_id, secret_key, signed=None, query="", payload=None):
    """§2: every intermediate of a TC3 signature. `headers` as sent; `payload` replaces the body where it is hashed."""
    values = {name.strip().lower(): value.strip().lower() for name, value in headers.items()}
    values["host"] = host.strip().lower()
    names = sorted(signed or [name for name in ("content-type", "host", "x-tc-action") if name in values])
    date = time.strftime("%Y-%m-%d", time.gmtime(timestamp))
    r = {"hashedPayload": sha256(body if payload is None else payload)}
    lines = "".join(f"{name}:{values[name]}\n" for name in names)
    r["canonicalRequest"] = "\n".join([method, "/", query, lines, ";".join(names), r["hashedPayload"]])
    r["hashedCanonicalRequest"] = sha256(r["canonicalRequest"])
    r["credentialScope"] = f"{date}/{service}/tc3_request"
    r["stringToSign"] = "\n".join(
        ["TC3-HMAC-SHA256", str(timestamp), r["credentialScope"], r["hashedCanonicalRequest"]]
    )
    secret_date = _hmac("sha256", "TC3" + secret_key, date)
    secret_service = _hmac("sha256", secret_date, service)
    secret_signing = _hmac("sha256", secret_service, "tc3_request")
    r["secretDate"], r["secretService"], r["secretSigning"] = (
        key.hex() for key in (secret_date, secret_service, secret_signing)
    )
    r["signature"] = _hmac("sha256", secret_signing, r["stringToSign"]).hex()
    r["authorization"] = (
        f"TC3-HMAC-SHA256 Credential={secret_id}/{r['credentialScope']}, "
        f"SignedHeaders={';'.join(names)}, Signature={r['signature']}"
    )
    return r


def _fields(pairs):
    """§5.2: encode, lower-case the names, sort; gives the list of names and the text."""
    fields = sorted((enc(name).lower(), enc(value or "")) for name, value in pairs.items())
    return ";".join(name for name, _ in fields), "&".join(f"{name}={value}" for name, value in fields)


def sign_cos(method, path, query, headers, start, end, secret_id, secret_key):
    """§5: every intermediate of a COS signature. `path`, `query` and `headers` are decoded; all headers are signed."""
    r = {"keyTime": f"{start};{end}"}
    r["signKey"] = _hmac("sha1", secret_key, r["keyTime"]).hex()
    r["urlParamList"], params = _fields(query)
    r["headerList"], signed = _fields(headers)
    r["httpString"] = f"{method.lower()}\n{path}\n{params}\n{signed}\n"
    r["httpStringSha1"] = hashlib.sha1(r["httpString"].encode()).hexdigest()
    r["stringToSign"] = f"sha1\n{r['keyTime']}\n{r['httpStringSha1']}\n"
    r["signature"] = _hmac("sha1", r["signKey"], r["stringToSign"]).hex()
    r["fields"] = {
        "q-sign-algorithm": "sha1",
        "q-ak": secret_id,
        "q-sign-time": r["keyTime"],
        "q-key-time": r["keyTime"],
        "q-header-list": r["headerList"],
        "q-url-param-list": r["urlParamList"],
        "q-signature": r["signature"],
    }
    r["authorization"] = "&".join(f"{name}={value}" for name, value in r["fields"].items())
    return r


def presign_cos(method, origin, path, query, headers, start, end, secret_id, secret_key, token=None):
    """§5.10: the same intermediates, and the URL."""
    others = {name: value for name, value in headers.items() if name.lower() != "host"}
    signed = {**others, "host": urllib.parse.urlsplit(origin).netloc}
    r = sign_cos(method, path, query, signed, start, end, secret_id, secret_key)
    parameters = {**query, **r["fields"], **({"x-cos-security-token": token} if token else {})}
    text = "&".join(f"{enc(name)}={enc(value or '')}" for name, value in parameters.items())
    r["url"] = f"{origin}{key_path(path)}?{text}"
    return r


def sign_client_upload(params, secret_key):
    """§15: `params` is a list of pairs. What JavaScript's encoder leaves stays here too, as in the documented sample."""
    def text(value):
        return urllib.parse.quote(str(value), safe="-_.~!'()*")

    original = "&".join(f"{text(name)}={text(value)}" for name, value in params)
    mac = _hmac("sha1", secret_key, original)
    return {
        "original": original,
        "macHex": mac.hex(),
        "signature": base64.b64encode(mac + original.encode()).decode(),
    }


def verify_callback(body, sign_key, now, tolerance=0):
    """§14.1: (True, None), or (False, why)."""
    if not isinstance(body, dict):
        return False, "malformed"
    sign, expiry = body.get("Sign"), body.get("T")
    is_hex = isinstance(sign, str) and len(sign) == 32 and all(c in "0123456789abcdefABCDEF" for c in sign)
    is_number = isinstance(expiry, (int, float)) and not isinstance(expiry, bool) and expiry == int(expiry)
    digits = str(int(expiry)) if is_number else expiry
    if not is_hex or not isinstance(digits, str) or not digits.isascii() or not digits.isdigit():
        return False, "malformed"
    if len(digits) > 15 or digits != str(int(digits)):
        return False, "malformed"
    if not hmac.compare_digest(hashlib.md5((sign_key + digits).encode()).hexdigest(), sign.lower()):
        return False, "sign-mismatch"
    if now > int(digits) + tolerance:
        return False, "expired"
    return (False, "too-far-ahead") if int(digits) > now + 900 + tolerance else (True, None)


_POLYNOMIAL = 0xC96C5795D7870F42
_ONES = 0xFFFFFFFFFFFFFFFF


def _crc_tables():
    first = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (_POLYNOMIAL if crc & 1 else 0)
        first.append(crc)
    tables = [first]
    for _ in range(7):
        tables.append([first[crc & 255] ^ crc >> 8 for crc in tables[-1]])
    return tables


_TABLES = _crc_tables()


def crc64(data):
    """§8.1: the CRC64 of bytes as a number; COS writes it in decimal."""
    t0, t1, t2, t3, t4, t5, t6, t7 = _TABLES
    crc = _ONES
    whole = len(data) & ~7
    for at in range(0, whole, 8):
        crc ^= int.from_bytes(data[at : at + 8], "little")
        crc = (
            t7[crc & 255] ^ t6[crc >> 8 & 255] ^ t5[crc >> 16 & 255] ^ t4[crc >> 24 & 255]
            ^ t3[crc >> 32 & 255] ^ t2[crc >> 40 & 255] ^ t1[crc >> 48 & 255] ^ t0[crc >> 56]
        )  # fmt: skip
    for byte in data[whole:]:
        crc = t0[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ _ONES


def _multiply(a, b):
    """The product of two polynomials in the field of the CRC; the highest bit is the lowest power."""
    product = 0
    while b:
        if b & 1 << 63:
            product ^= a
        a = a >> 1 ^ (_POLYNOMIAL if a & 1 else 0)
        b = b << 1 & _ONES
    return product


def crc64_combine(a, b, length_of_b):
    """§8.2: the CRC64 of A and B together, from theirs."""
    power, factor = 1 << 62, 1 << 63
    exponent = length_of_b * 8
    while exponent:
        if exponent & 1:
            factor = _multiply(factor, power)
        power = _multiply(power, power)
        exponent >>= 1
    return _multiply(a, factor) ^ b


MIB = 2**20
GIB = 2**30


def _up_to_mib(size):
    return -(-size // MIB) * MIB


def plan_steps(size, part_size="auto"):
    """§7.3: the part size that is asked for, and the least that 10,000 parts allow."""
    wanted = max(8 * MIB, _up_to_mib(-(-size // 1000))) if part_size == "auto" else part_size
    return {"wanted": wanted, "needed": _up_to_mib(-(-size // 10_000))}


def plan_parts(size, part_size="auto"):
    """§7.3, of a known size."""
    if size > 50_000 * GIB:
        return {"error": "too-large"}
    steps = plan_steps(size, part_size)
    chosen = min(5 * GIB, max(steps["wanted"], steps["needed"]))
    if size <= chosen:
        return {"kind": "put", "partSize": chosen, "partCount": 1, "lastPartSize": size}
    count = -(-size // chosen)
    return {"kind": "multipart", "partSize": chosen, "partCount": count, "lastPartSize": size - (count - 1) * chosen}


def next_part(base, sent):
    """§7.4, of an unknown size: how large the next part is."""
    return min(5 * GIB, max(base, grown_part(sent)))


def grown_part(sent):
    """§7.4: what was sent asks for so large a part."""
    return _up_to_mib(-(-sent // 500))


def retry_delay(kind, attempt, policy, random, retry_after=None):
    """§11.5: milliseconds to wait, or None to give up."""
    if kind == "never" or attempt >= policy["attempts"]:
        return None
    if kind in ("now", "resync-clock", "refresh-credentials"):
        return 0
    if retry_after is not None and retry_after > policy["maxRetryAfterMs"]:
        return None
    jittered = retry_steps(kind, attempt, policy, random)["jitteredMs"]
    return math.floor(max(retry_after or 0, jittered) + 0.5)


def retry_steps(kind, attempt, policy, random):
    """§11.5: the longest pause of this attempt, and what chance makes of it."""
    base = policy["throttleDelayMs" if kind == "throttle" else "baseDelayMs"]
    ceiling = min(policy["maxDelayMs"], base * 2 ** (attempt - 1))
    return {"ceilingMs": ceiling, "jitteredMs": random * ceiling}


def retry_class(code, rules):
    """§3.8: what the table says of an error code; the longest rule counts, the exact one first."""
    best = None
    for rule in rules:
        exact = code == rule["code"]
        if exact or (rule["match"] == "prefix" and code.startswith(rule["code"] + ".")):
            rank = (len(rule["code"]), rule["match"] == "exact")
            if best is None or rank > best[0]:
                best = rank, rule["retry"]
    return best[1] if best else "never"


def json_body(params):
    """§2.5: the bytes that are hashed and sent."""
    return json.dumps(params, ensure_ascii=False, separators=(",", ":")).encode()
