/** Where to look instead; 304 is another thing. */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}

/**
 * Whether an answer that cannot be used may be another one next time: 5xx, 429 and 408 pass, a 2xx was cut off on its
 * way or came from somebody else; any other status will be the same.
 */
export function isPassing(status: number): boolean {
  return status >= 500 || status === 429 || status === 408 || (status >= 200 && status < 300);
}
