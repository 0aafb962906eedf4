"""Whether a server takes a signature, standard library only. Every section cited is one of docs/wire.md."""

import hmac
import re

import wire

TC3_FORM = re.compile(
    r"TC3-HMAC-SHA256 Credential=([^/,\s]+)/(\d{4}-\d\d-\d\d)/vod/tc3_request, "
    r"SignedHeaders=([^,\s]+), Signature=([0-9a-f]{64})"
)
COS_FIELDS = ("sign-algorithm", "ak", "sign-time", "key-time", "header-list", "url-param-list", "signature")


def verify_tc3(method, headers, body, now, secret_id, secret_key):
    """§2, §3.6: True when the API takes this request, `headers` as sent, at the second `now`."""
    sent = {name.lower(): value for name, value in headers.items()}
    parts = TC3_FORM.fullmatch(sent.get("authorization", ""))
    timestamp = sent.get("x-tc-timestamp", "")
    if parts is None or re.fullmatch(r"\d{1,11}", timestamp) is None:
        return False
    key_id, date, listed, signature = parts.groups()
    names = listed.split(";")
    if key_id != secret_id or abs(now - int(timestamp)) > 300:
        return False
    if names != sorted(set(names)) or not {"content-type", "host"} <= set(names) <= set(sent):
        return False
    r = wire.sign_tc3(method, sent["host"], sent, body, "vod", int(timestamp), secret_id, secret_key, signed=names)
    return r["credentialScope"].startswith(date) and hmac.compare_digest(r["signature"], signature)


def verify_cos(method, path, query, headers, now, secret_id, secret_key, token):
    """§5: True when COS takes this request outside strict mode; `path` and `query` are decoded."""
    sent = {name.lower(): value for name, value in headers.items()}
    fields = dict(pair.partition("=")[::2] for pair in sent.get("authorization", "").split("&"))
    if set(fields) != {f"q-{name}" for name in COS_FIELDS}:
        return False
    algorithm, key_id, sign_time, key_time, header_list, param_list, signature = (
        fields[f"q-{name}"] for name in COS_FIELDS
    )
    times = re.fullmatch(r"(\d{1,11});(\d{1,11})", key_time)
    if algorithm != "sha1" or key_id != secret_id or sign_time != key_time or times is None:
        return False
    start, end = (int(time) for time in times.groups())
    if start > now + 900 or end < now or sent.get("x-cos-security-token") != token:
        return False
    given = {wire.enc(name).lower(): (name, value) for name, value in query.items()}
    names, params = ([name for name in text.split(";") if name] for text in (header_list, param_list))
    if "host" not in names or not set(names) <= set(sent) or not set(params) <= set(given):
        return False
    signed = {name: sent[name] for name in names}
    chosen = dict(given[name] for name in params)
    r = wire.sign_cos(method, path, chosen, signed, start, end, secret_id, secret_key)
    same_lists = (r["headerList"], r["urlParamList"]) == (header_list, param_list)
    return same_lists and hmac.compare_digest(r["signature"], signature)
