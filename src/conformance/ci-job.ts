import type { Profile } from "./scenario.ts";

export type CiSystem = "github" | "gitlab";

/** What a job runs. */
export interface CiTask {
  /** As one line of a POSIX shell. */
  readonly command: string;
  readonly profile: Profile;
}

const reportName = "vodup-conformance.xml";

/** A job for other projects: judges their client at each push, and keeps the reports. */
export function ciJob(service: CiSystem, { command, profile }: CiTask): string {
  const judge = `npx --yes vodup conformance --profile ${profile} --junit ${reportName} --json ${jsonName}`;
  return service === "github" ? github(judge, command) : gitlab(judge, command);
}

const jsonName = reportName.replace(".xml", ".json");

function github(judge: string, command: string): string {
  return `# .github/workflows/vodup-conformance.yml
name: vodup conformance
on: [push, pull_request]
permissions:
  contents: read
jobs:
  conformance:
    runs-on: ubuntu-latest
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 22
      # Build your client here. Name a version, vodup@N.N.N, for a verdict that stays the same.
      - run: |
          ${judge} \\
            -- ${command}
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: vodup-conformance
          path: vodup-conformance.*`;
}

function gitlab(judge: string, command: string): string {
  return `# .gitlab-ci.yml
vodup-conformance:
  image: node:22
  timeout: 20 minutes
  script:
    # Build your client here. Name a version, vodup@N.N.N, for a verdict that stays the same.
    - |
      ${judge} \\
        -- ${command}
  artifacts:
    when: always
    paths: [${reportName}, ${jsonName}]
    reports:
      junit: ${reportName}`;
}
