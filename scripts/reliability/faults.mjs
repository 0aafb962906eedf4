// What goes wrong, once or for good, in an upload of 6 MiB in parts of 1 MiB. `once` in a name: the fault passes.
const html = { status: 502, headers: { "content-type": "text/html" }, body: "<html><h1>502 Bad Gateway</h1></html>" };
const slowDown = {
  status: 503,
  headers: { "content-type": "application/xml" },
  body: "<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>",
};

export const faults = [
  { name: "nothing goes wrong", rules: [] },
  {
    name: "ApplyUpload: connection reset, once",
    rules: [{ operation: "ApplyUpload", nth: 1, fault: { kind: "reset-before" } }],
  },
  {
    name: "ApplyUpload: 502 HTML, once",
    rules: [{ operation: "ApplyUpload", nth: 1, fault: { kind: "answer", ...html } }],
  },
  {
    name: "ApplyUpload: our clock an hour behind",
    rules: [{ operation: "*", fault: { kind: "clock-skew", ms: 3_600_000 } }],
  },
  {
    name: "Initiate: connection reset, once",
    rules: [{ operation: "InitiateMultipartUpload", nth: 1, fault: { kind: "reset-before" } }],
  },
  {
    name: "UploadPart: reset within the body, once",
    rules: [{ operation: "UploadPart", nth: 3, fault: { kind: "reset-after-bytes", bytes: 300_000 } }],
  },
  {
    name: "UploadPart: answer lost, once",
    rules: [{ operation: "UploadPart", nth: 2, fault: { kind: "reset-after-effect" } }],
  },
  {
    name: "UploadPart: 503 SlowDown, eight times",
    rules: [{ operation: "UploadPart", times: 8, fault: { kind: "answer", ...slowDown } }],
  },
  {
    name: "UploadPart: hangs, once",
    slow: true,
    rules: [{ operation: "UploadPart", nth: 2, fault: { kind: "hang" } }],
  },
  {
    name: "UploadPart: stored damaged, once",
    rules: [{ operation: "UploadPart", nth: 2, fault: { kind: "corrupt-body" } }],
  },
  {
    name: "UploadPart: stored damaged, always",
    rules: [{ operation: "UploadPart", partNumber: 2, fault: { kind: "corrupt-body" } }],
  },
  {
    name: "UploadPart: wrong ETag answered, once",
    rules: [{ operation: "UploadPart", nth: 2, fault: { kind: "wrong-etag" } }],
  },
  {
    name: "certificate expires within the upload",
    rules: [{ operation: "UploadPart", nth: 4, fault: { kind: "expire-certificate" } }],
  },
  {
    name: "Complete: answer lost",
    rules: [{ operation: "CompleteMultipartUpload", nth: 1, fault: { kind: "reset-after-effect" } }],
  },
  {
    name: "Complete: 200 with <Error>, once",
    rules: [
      {
        operation: "CompleteMultipartUpload",
        nth: 1,
        fault: {
          kind: "answer",
          status: 200,
          body: "<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>",
        },
      },
    ],
  },
  {
    name: "Complete: done, but only white space comes",
    rules: [{ operation: "CompleteMultipartUpload", nth: 1, fault: { kind: "white-space" } }],
  },
  {
    name: "Complete: not done, 200 with HTML, once",
    rules: [
      {
        operation: "CompleteMultipartUpload",
        nth: 1,
        fault: {
          kind: "answer",
          status: 200,
          headers: { "content-type": "text/html" },
          body: "<html>signed out</html>",
        },
      },
    ],
  },
  {
    name: "Complete: not done, 200 and empty, once",
    rules: [{ operation: "CompleteMultipartUpload", nth: 1, fault: { kind: "answer", status: 200, body: "" } }],
  },
  {
    name: "Complete: another CRC64",
    rules: [{ operation: "CompleteMultipartUpload", fault: { kind: "wrong-crc64" } }],
  },
  {
    name: "Commit: connection reset, once",
    rules: [{ operation: "CommitUpload", nth: 1, fault: { kind: "reset-before" } }],
  },
  {
    name: "Commit: answer lost",
    rules: [{ operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } }],
  },
  {
    name: "Commit: answer lost, a second one refused",
    options: { secondCommit: "unknown-session" },
    rules: [{ operation: "CommitUpload", nth: 1, fault: { kind: "reset-after-effect" } }],
  },
  {
    name: "Commit: InternalError, once",
    rules: [
      {
        operation: "CommitUpload",
        nth: 1,
        fault: {
          kind: "answer",
          status: 200,
          body: '{"Response":{"Error":{"Code":"InternalError","Message":"internal error"},"RequestId":"r"}}',
        },
      },
    ],
  },
  {
    name: "server gone for good after the third part",
    slow: true,
    rules: [
      { operation: "UploadPart", nth: 1, fault: { kind: "delay", ms: 50 } },
      { operation: "UploadPart", partNumber: 4, fault: { kind: "reset-before" } },
    ],
  },
];
