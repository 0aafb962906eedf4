/** What runs the blocks of a page, or of a heading of it. */
export const followers: Readonly<Record<string, string>> = {
  "CONTRIBUTING.md": ".ci/run",
  "README.md#See it work": ".ci/run",
  "README.ko.md#먼저 실행해 보기": ".ci/run",
  "README.md#Quick start": "test/docs/readme.test.ts",
  "README.ko.md#빠른 시작": "test/docs/readme.test.ts",
  "docs/contract.md#The contract suite": ".ci/run",
  "docs/cli.md#Settings": "test/docs/commands.test.ts",
  "docs/cli.md#Batch": "test/docs/commands.test.ts",
  "docs/cli.md#The API": "test/docs/commands.test.ts",
  "docs/cli.md#Shell completion": "test/docs/commands.test.ts",
  "docs/conformance.md#Judging a client": "test/docs/commands.test.ts",
  "docs/emulator.md#Start it": "test/docs/commands.test.ts",
  "docs/emulator.md#From a shell": "test/docs/emulator.test.ts",
  "docs/emulator.md#Look and turn": "test/docs/emulator.test.ts",
  "docs/guide.md": "test/docs/guide.test.ts",
  // The same commands as in the English page.
  "docs/guide.ko.md": "test/docs/translations.test.ts",
  "docs/operating.md#A nightly batch": "test/docs/operating.test.ts",
  "docs/operating.md#Where the state is": "test/docs/operating.test.ts",
  "docs/recipes.md#Many files": "test/docs/commands.test.ts",
  "docs/recipes.md#When something is wrong": "test/docs/commands.test.ts",
  "examples/README.md#Run them": "test/docs/commands.test.ts",
  "examples/go/README.md": "test/conformance/go.test.ts",
  "examples/opentelemetry/README.md": "test/examples/opentelemetry.mjs",
  "examples/php/README.md": "test/conformance/php.test.ts",
  "examples/python/README.md": "test/conformance/python.test.ts",
  "integrations/bullmq/README.md": "integrations/bullmq/test/install.test.ts",
};

/** What no test can run, and why. */
export const notRun: Readonly<Record<string, string>> = {
  "README.md#Install": "the package is on no registry yet; test/packaging installs it from its tarball",
  "README.ko.md#설치": "the same",
  "docs/migrating.md#Migrating from vod-node-sdk": "the same",
  "docs/contract.md#Against the real service": "needs an account",
  "docs/contract.md#Without keys": "needs the internet",
};
