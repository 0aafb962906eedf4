/**
 * The origin under which the same bucket answers when its default domain does not: `tencentcos.cn` in place of
 * `myqcloud.com`. Other domains of COS have none (accelerated and internal ones lead elsewhere), nor have a caller's
 * own.
 * @returns undefined when there is none
 */
export function backupOrigin(origin: string): string | undefined {
  const [, bucket, region] = /^https:\/\/([a-z0-9-]+)\.cos\.([a-z0-9-]+)\.myqcloud\.com$/i.exec(origin) ?? [];
  return bucket === undefined || region === "accelerate" ? undefined : `https://${bucket}.cos.${region}.tencentcos.cn`;
}
