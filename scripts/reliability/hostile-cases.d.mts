export interface HostileCase {
  readonly kind: string;
  readonly name: string;
}

export declare const cases: readonly HostileCase[];
export declare function tried(one: HostileCase): Promise<{ readonly flaw: string | undefined }>;
