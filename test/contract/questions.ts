/** The open questions of docs/wire.md §17, and which facts answer them. */
export interface Question {
  /** Section of docs/wire.md. */
  readonly section: string;
  readonly text: string;
  /** Names of facts; one that ends in a dot stands for all that begin so. */
  readonly facts: readonly string[];
  /** Why no scenario can ask it, where none can. */
  readonly unasked?: string | undefined;
}

export const questions: readonly Question[] = [
  {
    section: "17.1",
    text: "What does a second CommitUpload answer?",
    facts: ["commit.second", "commit.before-object", "commit.unknown-session"],
  },
  {
    section: "17.2",
    text: "How long does a certificate live, and may it list, head and abort?",
    facts: [
      "certificate.life",
      "certificate.list-uploads",
      "certificate.list-parts",
      "certificate.head",
      "certificate.abort",
      "abort.then-list",
    ],
  },
  {
    section: "17.3",
    text: "Does ApplyUpload take VodSessionKey?",
    facts: ["session.refresh", "session.renewed-commits", "apply.unknown-parameter"],
  },
  {
    section: "17.4",
    text: "Which code for: temporary key without token, wrong scope date, unsigned host?",
    facts: ["auth."],
  },
  {
    section: "17.5",
    text: "Is X-TC-Region needed by ApplyUpload?",
    facts: ["apply.no-region", "apply.unknown-region", "describe.no-region"],
  },
  {
    section: "17.6",
    text: "What does a late or repeated ConfirmEvents answer?",
    facts: [
      "events.unknown-handle",
      "events.confirm-late",
      "events.after-late-confirm",
      "events.handle-when-again",
      "events.confirm",
      "events.confirm-twice",
    ],
  },
  {
    section: "17.7",
    text: "Is Date always there?",
    facts: ["wire.vod.date", "wire.cos.date", "trace-id.echoed", "clock.ahead.corrected", "clock.behind.corrected"],
  },
  {
    section: "17.8",
    text: "May a key of one site be used on the other?",
    facts: ["site.other"],
  },
  { section: "17.9", text: "Is the FileId always in the storage path?", facts: ["path.holds-file-id"] },
  {
    section: "17.10",
    text: "What does an unknown Procedure or an unopened StorageRegion give?",
    facts: ["apply.unknown-procedure", "apply.unopened-region", "apply.unknown-media-type"],
  },
  { section: "17.11", text: "Is a media of zero bytes accepted?", facts: ["empty.put", "empty.commit"] },
  {
    section: "17.12",
    text: "Does a commit without the announced cover succeed?",
    facts: ["cover.announced-not-sent"],
  },
  {
    section: "17.13",
    text: "Where do Sign and T stand, and is T a number?",
    facts: [],
    unasked: "needs a public address that the service can push to, and changes the account's configuration",
  },
  {
    section: "17.14",
    text: "Is EventSet null or empty when there is nothing?",
    facts: ["events.nothing-there"],
  },
  {
    section: "17.15",
    text: "Which references does ParseStreamingManifest answer (keys, EXT-X-MAP, BaseURL), and are they decoded?",
    facts: ["manifest.hls", "manifest.dash"],
  },
  { section: "17.16", text: "Is UNSIGNED-PAYLOAD accepted by VOD?", facts: ["auth.unsigned-payload"] },
  {
    section: "17.17",
    text: "Can ApplyUploadUGC, of the client API, refresh a session of ApplyUpload?",
    facts: [],
    unasked: "is another API under another host, which this project has no double of",
  },
  {
    section: "17.18",
    text: "How long is a VodSessionKey good, and may a commit come after 24 h?",
    facts: [],
    unasked: "takes a day: no run waits so long",
  },
  {
    section: "17.19",
    text: "In which order must signed headers stand?",
    facts: ["auth.unsorted-headers"],
  },
];
