/** What help shows below the flags of each command: what it does, and the line as one would type it. */
export const examples: Readonly<Record<string, readonly (readonly [what: string, line: string])[]>> = {
  upload: [
    ["one file", "vodup upload film.mp4"],
    [
      "with a cover and a task flow, until that has ended",
      "vodup upload film.mp4 --cover film.jpg --procedure MyFlow --wait",
    ],
    ["what another program makes", "ffmpeg -i in.mov -f mpegts - | vodup upload - --media-type ts"],
    ["no faster than 8 MiB a second, for a script", "vodup upload film.mp4 --limit-rate 8M --json"],
  ],
  "uploads list": [
    ["what is unfinished", "vodup uploads list"],
    ["for a script", "vodup uploads list --json"],
  ],
  "uploads resume": [
    ["one of them; the start of its id is enough", "vodup uploads resume 3f2a"],
    ["all of them", "vodup uploads resume --all"],
  ],
  "uploads abort": [
    ["one of them; the start of its id is enough", "vodup uploads abort 3f2a"],
    ["all of them", "vodup uploads abort --all"],
  ],
  batch: [
    ["what a manifest lists", "vodup batch films.csv --report results.ndjson"],
    [
      "a folder, but no drafts and nothing that is still written to",
      "vodup batch /videos --exclude drafts --min-age 10m",
    ],
    ["what another program lists", "jq -c '.films[]' list.json | vodup batch - --journal films.journal"],
    ["whatever arrives in a folder, until it is stopped", "vodup batch /incoming --watch --wait"],
  ],
  pull: [
    ["start a pull", "vodup pull https://example.com/film.mp4"],
    ["and wait for the media", "vodup pull https://example.com/film.mp4 --wait --json"],
  ],
  media: [
    ["one media", "vodup media 5285485487985271487"],
    ["its address", "vodup media 5285485487985271487 --json | jq -r .media.BasicInfo.MediaUrl"],
    ["delete two", "vodup media 5285485487985271487 5285485487985271488 --delete"],
  ],
  "sub-apps": [
    ["all applications", "vodup sub-apps"],
    ["the id of the one called films", "vodup sub-apps --json | jq 'select(.name == \"films\").subAppId'"],
  ],
  call: [
    ["the last ten tasks", "vodup call DescribeTasks '{\"Limit\":10}'"],
    ["parameters from a program", "jq -n '{FileIds: [\"5285485487985271487\"]}' | vodup call DescribeMediaInfos -"],
    ["the fields of an action", "vodup call PullUpload --help"],
  ],
  config: [
    ["what is in force", "vodup config"],
    ["for another profile", "vodup config --profile china --json"],
  ],
  events: [
    ["look at the next ten, which stay in the queue", "vodup events --max 10"],
    ["take all uploads off the queue", "vodup events --confirm --type NewFileUpload >> uploads.ndjson"],
  ],
  "events config": [
    ["how events are delivered", "vodup events config"],
    ["queue them, uploads too", "vodup events config --pull --upload-events on"],
    ["post them", "vodup events config --push https://example.com/vod-events"],
  ],
  listen: [
    ["print what is posted to a port", "vodup listen --port 8080"],
    ["only signed events, and end after the first", "vodup listen --port 8080 --sign-key-env VOD_SIGN_KEY --max 1"],
  ],
  emulator: [
    ["with its page in the browser", "vodup emulator --open"],
    ["on a fixed port", "vodup emulator --port 8787"],
    ["that keeps its media", "vodup emulator --dir ./vod"],
  ],
  doctor: [
    ["everything", "vodup doctor"],
    ["for a monitor", "vodup doctor --timeout 20s --json"],
  ],
  "sign tc3": [
    ["an API request", "vodup sign tc3 --action DescribeSubAppIds --body '{}'"],
    ["at a certain second", "vodup sign tc3 --action DescribeSubAppIds --body '{}' --timestamp 1700000000"],
  ],
  "sign cos": [
    ["an upload", "vodup sign cos --method PUT --path /film.mp4 --header 'x-cos-acl: private'"],
    ["good for a minute", "vodup sign cos --path /film.mp4 --start-time 1700000000 --end-time 1700000060"],
  ],
  "sign client": [
    ["good for an hour", "vodup sign client"],
    ["good for ten minutes, with a task flow", "vodup sign client --expire 600 --param procedure=MyFlow"],
  ],
  conformance: [
    ["a client in Python", "vodup conformance -- python3 uploader.py"],
    ["the core rules, with a report", "vodup conformance --profile core --json report.json -- ./uploader"],
  ],
  replay: [
    ["to a client on its first request", "vodup replay fixtures/cassettes/upload/simple-put.json"],
    ["on a fixed port", "vodup replay fixtures/cassettes/upload/simple-put.json --port 8787"],
  ],
  completion: [
    ["bash", "vodup completion bash > ~/.local/share/bash-completion/completions/vodup"],
    ["zsh, into a folder of fpath", "vodup completion zsh > ~/.zfunc/_vodup"],
    ["fish", "vodup completion fish > ~/.config/fish/completions/vodup.fish"],
  ],
};
