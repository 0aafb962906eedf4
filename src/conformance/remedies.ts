/** A numbered rule of docs/wire.md, such as `5.1`. */
export type Rule = `${number}.${number}`;

/** What to change where a rule of docs/wire.md is broken, in one line. */
const remedies: Readonly<Record<Rule, string>> = {
  "1.2": "Percent-encode the UTF-8 bytes of everything but A-Z a-z 0-9 - _ . ~, with upper-case hex; a space is %20.",
  "1.3": "Trim header values before you sign and send them; leave out a header that has no value.",
  "1.4": "Sign Host exactly as it is sent, with its port.",
  "1.5": "Switch off automatic redirects in your HTTP library; treat a 3xx answer as an answer from a gateway.",
  "2.1": 'Write each canonical header as name, ":", value, "\\n", then an empty line before SignedHeaders.',
  "2.2": "Sign at least content-type and host, and x-tc-action with its value in lower case.",
  "2.3": "Make the date of the scope from X-TC-Timestamp in UTC.",
  "2.4": 'Use "vod" as the service, whatever the host is called.',
  "2.5": "Serialise the body once to UTF-8 bytes; hash these bytes and send these bytes.",
  "2.6": "Use the raw bytes of each derived key as the key of the next step, not their hex.",
  "2.7": 'Call the API by POST on the path "/", with an empty query.',
  "2.8": "Put the lower-case hex SHA-256 of CanonicalRequest, and the second of X-TC-Timestamp, into StringToSign.",
  "2.9":
    'Build Authorization as "TC3-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…", names sorted, in lower case.',
  "2.10": 'Start the key chain with "TC3" + SecretKey, then date, service and "tc3_request", in this order.',
  "2.11": "Compare your CanonicalRequest and StringToSign line by line with the text below; then check the key.",
  "2.12": "Send the SecretId exactly as you got it, without white space.",
  "2.13": "Send X-TC-Timestamp as a whole number of seconds.",
  "3.2": "Send the headers of wire §3.2, each with a value, and the body with its Content-Length.",
  "3.3": "Send only parameters the action has, with their types: SubAppId is a bare integer, every identifier is text.",
  "3.4": "Read success and error from the JSON body; HTTP 200 alone says nothing.",
  "3.5": "Treat an answer that is not the API's JSON as one from a gateway, and send the call again.",
  "3.6": "On AuthFailure.SignatureExpire set your clock by the answer's Date header, sign again and send again.",
  "3.7": "On RequestLimitExceeded pause and send the call again.",
  "4.1": "Send the parameters of ApplyUpload that were asked for, and no others.",
  "4.3": "Cut exactly one leading slash from the storage path to get the key; refuse a path with . or .. segments.",
  "4.4": "Repeat ApplyUpload when its answer is lost; use the last answer.",
  "4.5": "Send MediaType as the file extension in lower case, without a dot.",
  "5.1": "Sign the decoded path, with its leading slash and without the query.",
  "5.2": "Encode names, then make them lower-case, then sort; use that order in the lists and in the texts.",
  "5.3": "Use SignKey as its 40 hex characters.",
  "5.4": 'Sign a parameter without a value as "name=".',
  "5.5": 'Keep empty lines of HttpString, and end both texts with "\\n".',
  "5.6": "Sign host, content-length, content-type and every x-cos-* header that you send, and every parameter.",
  "5.7": "List only headers and parameters that are sent.",
  "5.8": "Start the key time a minute in the past, end it within 15 minutes, and sign each attempt with a new one.",
  "5.9": "Send each path segment percent-encoded, slashes as they are, and do not let a URL class rewrite the path.",
  "5.10": "Append the signature to the query only in a presigned URL, without an Authorization header.",
  "5.11": "Compare your HttpString and StringToSign line by line with the text below; then check the key.",
  "5.12": "Encode names and values exactly once, from the decoded text; keep the case of values.",
  "5.13": "Use SHA-1 for both HMACs and for the hash of HttpString; method, hash and signature are in lower case.",
  "5.14": "Send all seven q- fields, joined by &, not encoded; q-sign-time and q-key-time are both KeyTime.",
  "5.17": "Encode the seven fields once, as a whole, when they are sent as the parameter sign.",
  "6.1": "Sign with the certificate's SecretId and SecretKey, and send its Token as x-cos-security-token.",
  "6.2": "Send PUT /<key> with the Content-Length of the file.",
  "6.3": "Begin by POST /<key>?uploads and take the UploadId as text, XML entities decoded once.",
  "6.4": "Send each part by PUT with partNumber and uploadId, spelt so, with its Content-Length, all to one UploadId.",
  "6.5": "List parts by GET with uploadId, following NextPartNumberMarker while IsTruncated is true.",
  "6.6":
    "Complete by POST: every part with PartNumber and ETag as its answer gave it, in ascending order, nothing else.",
  "6.7": "Decide by the root element of Complete's body, after white space, not by the status.",
  "6.8": "Abort by DELETE /<key>?uploadId=….",
  "6.9": "Look at an object by HEAD.",
  "6.10": "Believe an answer only if it has x-cos-request-id; otherwise send the request again.",
  "6.11": "Set a clock for COS by the Date or ServerTime of its refusal, sign again and send again.",
  "6.12": "Read XML with a parser: decode entities once, keep texts as texts.",
  "6.16": "Send exactly the number of body bytes that Content-Length says.",
  "6.20": "Look the code up in the table of wire §6.20: what is damaged or stalled on the way is sent again.",
  "7.1": "Number parts from 1; give each but the last 1 MiB or more, and send no empty part.",
  "7.2": "List parts in ascending order, whatever the order they were sent in.",
  "8.3": "Compare a part's ETag with the MD5 of its bytes only where no encryption header is sent.",
  "8.4": "Compare the CRC64 (or MD5) of each answer with that of the bytes sent; send again what differs.",
  "9.1": "Commit once, after every object is whole and verified, and send nothing after it.",
  "9.3": "On failure abort the multipart upload (wire §6.8) before you exit.",
  "9.4":
    "Write a record; on the next run compare ListParts with the file and send what is missing, or abort the recorded upload.",
  "10.1": "Commit the VodSessionKey of the session the object belongs to, with the SubAppId of ApplyUpload.",
  "10.3": "Stop after the first CommitUpload that answers a FileId.",
  "11.1": "Send the request again after a lost answer, a 5xx or an answer from a gateway.",
  "11.2":
    "After a Complete that says nothing, ask by HEAD: the same size and CRC64 is success, another object is failure.",
  "11.3":
    "Compare the x-cos-hash-crc64ecma header of Complete's answer with your CRC64; do not commit when it differs.",
  "11.4":
    "Repeat a lost CommitUpload; if the session is then unknown, ask DescribeMediaInfos and compare MediaUrl's path.",
  "11.5": "Wait at least as long as Retry-After says.",
  "11.6": "Give up at once on errors that the same request would meet again.",
  "11.7": "Bound the attempts, and let the pauses grow: random up to a limit that doubles.",
  "11.8": "Sign each attempt with the time of that attempt.",
  "12.1": "On ExpiredToken, or at 90 % of its life, get another certificate and continue with it.",
  "12.2":
    "Continue with a new certificate only if bucket, region and key are unchanged; sign an object with its own session's.",
  "18.1": "Exit 0 with the FileId alone on the last line of stdout.",
  "18.2": "Exit with a code other than 0 on failure, without a FileId on the last line of stdout.",
  "18.3": "Upload the bytes of VODUP_FILE as one media of VODUP_MEDIA_TYPE, without a cover.",
  "18.4": "Send a file larger than VODUP_PART_SIZE by multipart upload.",
  "18.5": "Keep keys, tokens and signatures out of output, arguments, files and URLs.",
  "18.6": "End by yourself, in time, and end every process that you started.",
};

/** @throws Error for a rule that no judgement can name */
export function remedyOf(rule: Rule): string {
  const remedy = remedies[rule];
  if (remedy === undefined) throw new Error(`no remedy is written for wire §${rule}`);
  return remedy;
}
