export default class Retried {
  onTestCaseResult(test: {
    readonly fullName: string;
    readonly module: { readonly moduleId: string };
    diagnostic(): { readonly retryCount: number; readonly flaky: boolean } | undefined;
  }): void;
}
