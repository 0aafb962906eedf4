import { expect, test } from "vitest";
import type { Exchange, Pairs } from "./recorder.ts";
import { parseCassette } from "../../src/replay/load.ts";
import { serialise } from "../cassettes/author.ts";
import { leaksIn } from "../support/leak-gate.ts";
import { learn } from "./learn.ts";
import { Pseudonyms } from "./pseudonyms.ts";
import { redact } from "./redact.ts";

/** What the emulator never says and the real service may. */
const account = "1309876543";
const own = "5285890799887766554";
const foreign = "387702299112233445";

function vod(action: string, request: object, response: object, headers: Pairs = []): Exchange {
  return {
    method: "POST",
    host: "vod.intl.tencentcloudapi.com",
    target: "/",
    requestHeaders: [
      ["X-TC-Action", action],
      ["X-TC-Timestamp", "1790000000"],
    ],
    requestBody: Buffer.from(JSON.stringify(request)),
    status: 200,
    headers: [["Date", "Mon, 21 Sep 2026 14:13:20 GMT"], ["Server", "nginx"], ...headers],
    body: Buffer.from(JSON.stringify({ Response: response })),
  };
}

const cos: Exchange = {
  method: "GET",
  host: `vodpriv-${account}.cos.ap-seoul.myqcloud.com`,
  target: `/a1b2c3d4vodkr${account}/dee2125c${own}/f0.mp4?uploadId=17900abcDEF_-000&max-parts=1000`,
  requestHeaders: [],
  requestBody: Buffer.alloc(0),
  status: 403,
  headers: [["x-cos-unheard-of", `owner ${account}`]],
  body: Buffer.from(
    `<Error><Code>AccessDenied</Code><Message>10.20.30.40 may not</Message><Resource>/a1b2c3d4vodkr${account}</Resource><HostId>secret-host</HostId></Error>`,
  ),
};

const exchanges: Exchange[] = [
  vod(
    "ApplyUpload",
    { MediaType: "mp4", SubAppId: 1_512_345_678 },
    {
      StorageBucket: `vodpriv-${account}`,
      MediaStoragePath: `/a1b2c3d4vodkr${account}/dee2125c${own}/f0.mp4`,
      VodSessionKey: "q1w2e3r4t5+/q1w2e3r4t5==",
      TempCertificate: {
        SecretId: "AKIDq1w2e3r4t5y6u7i8o9",
        SecretKey: "zXcVbNm123456789",
        Token: "tOkEn+/123456",
        ExpiredTime: 1_790_007_200,
      },
      NewMember: "somebody@company.example.kr",
      Count: 42,
      RequestId: "11112222-3333-4444-5555-666677778888",
    },
    [["X-New", "qcs::cam::uin/100098765432"]],
  ),
  vod(
    "CommitUpload",
    { SubAppId: 1_512_345_678 },
    {
      FileId: own,
      MediaUrl: `https://video.company.kr/a1b2c3d4vodkr${account}/dee2125c${own}/f0.mp4`,
      RequestId: "r-17",
    },
  ),
  vod(
    "PullEvents",
    {},
    {
      EventSet: [
        {
          EventHandle: "handle-of-ours-1",
          EventType: "NewFileUpload",
          FileUploadEvent: { FileId: own, MediaBasicInfo: { Name: "contract" } },
        },
        {
          EventHandle: "handle-of-theirs",
          EventType: "ProcedureStateChanged",
          ProcedureStateChangeEvent: { FileId: foreign, FileName: "Quarterly results" },
        },
      ],
    },
  ),
  vod(
    "DescribeStorageRegions",
    {},
    {
      Error: { Code: "UnauthorizedOperation", Message: "(uin:100098765432) of 10.1.2.3 has no permission" },
      RequestId: "r-18",
    },
  ),
  cos,
];

function redacted(): string {
  const names = new Pseudonyms();
  names.keys({ secretId: "AKIDownownownownownown00", secretKey: "ownKeyOwnKeyOwnKey00" });
  for (const exchange of exchanges) learn(names, exchange);
  const provenance = {
    kind: "recorded",
    text: "a test",
    host: "vod.intl.tencentcloudapi.com",
    date: "2026-09-21",
  } as const;
  return serialise(
    redact({ scenario: "odd", exchanges, facts: new Map() }, provenance, {
      names,
      shift: 1_735_689_600 - 1_790_000_000,
    }),
  );
}

test.each([
  account,
  "1512345678",
  own,
  foreign,
  "vodpriv",
  "a1b2c3d4",
  "dee2125c",
  "company",
  "Quarterly",
  "handle-of",
  "AKIDq1w2",
  "zXcVbNm1",
  "tOkEn",
  "q1w2e3r4t5",
  "100098765432",
  "10.20.30.40",
  "10.1.2.3",
  "secret-host",
  "17900abcDEF",
  "11112222",
  "nginx",
  '"Count": 42',
])("%s does not survive", (secret) => {
  expect(redacted()).not.toContain(secret);
});

test("what is left is a cassette that says where it was recorded, with the same value under one name everywhere", () => {
  const text = redacted();
  expect(leaksIn(text)).toEqual([]);
  const { source, interactions } = parseCassette(JSON.parse(text));
  expect(source).toMatchObject({ kind: "recorded", date: "2026-09-21" });
  const [applied, committed, pulled] = interactions.map(({ replies: [reply] }) =>
    reply?.kind === "answer" ? reply.body.toString() : "",
  );
  const fileId = /"FileId":"(\d{19})"/.exec(committed ?? "")?.[1] ?? "none";
  expect(applied).toContain(fileId);
  expect(pulled).toContain(fileId);
  expect(interactions[4]?.request.url).toContain(fileId);
  expect(interactions[4]?.request.url).toMatch(/^https:\/\/examplebucket-1250000000\.cos\.ap-seoul\./);
  expect(applied).toContain('"ExpiredTime":1735696800');
  expect(text).toContain("Wed, 01 Jan 2025 00:00:00 GMT");
});
