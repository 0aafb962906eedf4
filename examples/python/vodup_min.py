#!/usr/bin/env python3
"""Uploads one file to Tencent Cloud VOD and prints its FileId: the smallest client that does what docs/wire.md asks.

    TENCENTCLOUD_SECRET_ID=… TENCENTCLOUD_SECRET_KEY=… python3 vodup_min.py FILE

VODUP_VOD_ENDPOINT and VODUP_COS_ENDPOINT lead it elsewhere, VODUP_MEDIA_TYPE and VODUP_PART_SIZE replace what is guessed,
so `vodup conformance -- python3 vodup_min.py` judges it. One part after another; a run that was killed is gone on with by
the next. It is there to be read and translated. Sections cited are those of docs/wire.md.
"""

import hashlib
import json
import os
import pathlib
import sys

import answers
import wire
from services import Cos, Passing, Refused, Vod


class Record:
    """§9.4: what a run that is killed leaves to the next: its session and upload, for this file as it is now."""

    def __init__(self, path, part_size, environment):
        stat = path.stat()
        # What has to be the same for the record to be used.
        self.source = [str(path.resolve()), stat.st_size, stat.st_mtime_ns, part_size]
        state = environment.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local/state"
        name = hashlib.sha256(self.source[0].encode()).hexdigest()[:32]
        self.file = pathlib.Path(state) / "vodup_min" / f"{name}.json"

    def read(self):
        """(session, upload id, whether they are of this file), or None."""
        try:
            kept = json.loads(self.file.read_text(encoding="utf-8"))
            return kept["session"], kept["uploadId"], kept["source"] == self.source
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, session, upload_id):
        """The certificate in it is a secret: for its owner alone, and never half of a file."""
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new = self.file.with_suffix(".new")
        kept = {"source": self.source, "session": session, "uploadId": upload_id}
        with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
            json.dump(kept, out)
        new.replace(self.file)

    def forget(self):
        self.file.unlink(missing_ok=True)


class Uploader:
    """§9: apply, transfer, commit."""

    def __init__(self, path, environment):
        self.path, self.size = path, path.stat().st_size
        self.vod = Vod(
            environment.get("VODUP_VOD_ENDPOINT", "https://vod.intl.tencentcloudapi.com"),
            environment["TENCENTCLOUD_SECRET_ID"],
            environment["TENCENTCLOUD_SECRET_KEY"],
        )
        self.media_type = environment.get("VODUP_MEDIA_TYPE") or path.suffix.removeprefix(".")
        self.part_size = int(environment.get("VODUP_PART_SIZE") or wire.plan_parts(self.size)["partSize"])
        self.template = environment.get("VODUP_COS_ENDPOINT", "https://{bucket}.cos.{region}.myqcloud.com")
        self.record = Record(path, self.part_size, environment)

    def apply(self, **more):
        return self.vod.call("ApplyUpload", MediaType=self.media_type, MediaName=self.path.stem, **more)

    def storage(self, session):
        def renew():
            """§12.2: only another certificate for the same object will do."""
            answer = self.apply(VodSessionKey=session["VodSessionKey"])
            names = ("VodSessionKey", "MediaStoragePath", "StorageBucket", "StorageRegion")
            if any(answer[name] != session[name] for name in names):
                raise Refused("the certificate has run out, and the new one is another session's")
            session["TempCertificate"] = answer["TempCertificate"]

        return Cos(self.template, session, self.vod, renew)

    def earlier(self):
        """§9.4: the session and upload to go on with; an upload of the file as it was before is removed."""
        session, upload_id, usable = self.record.read() or (None, None, False)
        if session is None or usable:
            return session, upload_id
        self.record.forget()
        try:
            self.storage(session).attempt("DELETE", {"uploadId": upload_id})
        except (Passing, Refused):
            pass  # It costs its owner something; it must not cost this upload.
        return None, None

    def run(self):
        session, upload_id = self.earlier()
        session = session or self.apply()
        content_type = f"video/{self.media_type}"
        with self.path.open("rb") as file:
            if self.size <= self.part_size:
                self.storage(session).put(file.read(), content_type)
            else:
                self.in_parts(file, session, upload_id, content_type)
        file_id = self.vod.call("CommitUpload", VodSessionKey=session["VodSessionKey"])["FileId"]
        self.record.forget()
        return file_id

    def in_parts(self, file, session, upload_id, content_type):
        cos = self.storage(session)
        begun = lambda started: self.record.write(session, started)
        try:
            stored = cos.put_in_parts(file, self.size, self.part_size, content_type, upload_id, begun)
            if not stored:
                # The upload is gone, and no object is there: from the beginning.
                cos.put_in_parts(file, self.size, self.part_size, content_type, begun=begun)
        except Exception:
            self.record.forget()
            raise


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("VODUP_FILE")
    if path is None:
        print("usage: vodup_min.py FILE", file=sys.stderr)
        return 2
    try:
        print(Uploader(pathlib.Path(path), os.environ).run())
    except (Passing, Refused, answers.DocumentError, OSError, KeyError) as error:
        print(f"vodup_min: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
