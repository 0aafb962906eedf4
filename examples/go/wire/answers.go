package wire

import (
	"encoding/json"
	"strings"
)

// An Envelope is what an answer of the VOD API comes to (wire §3.4, §3.5). Kind is success, apiError or gateway.
type Envelope struct {
	Kind      string
	Response  json.RawMessage // of success: the object, whole
	Code      string          // of apiError
	RequestID string          // of apiError; may be empty
	Retryable bool            // of gateway: nobody we know answered, and asking again may help
}

func textOf(raw json.RawMessage) string {
	var text string
	_ = json.Unmarshal(raw, &text) // anything but a text says nothing (wire §3.12)
	return text
}

func objectOf(raw []byte) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	return object
}

// RetryableStatus says whether a status that is no answer of the service is worth another attempt (wire §3.5).
func RetryableStatus(status int) bool {
	return (status >= 200 && status < 300) || status == 408 || status == 429 || status >= 500
}

// ReadEnvelope reads an answer of the API. Members are found by their exact names: encoding/json's structs ignore case.
func ReadEnvelope(status int, body []byte) Envelope {
	outer := objectOf(body)
	if response := objectOf(outer["Response"]); response != nil {
		if failure := string(response["Error"]); failure != "" && failure != "null" && failure != `""` {
			code := textOf(objectOf(response["Error"])["Code"])
			if code == "" {
				code = "Unknown"
			}
			return Envelope{Kind: "apiError", Code: code, RequestID: textOf(response["RequestId"])}
		}
		if status == 200 {
			return Envelope{Kind: "success", Response: outer["Response"]}
		}
	} else if code := oldCode(outer); code != "" {
		return Envelope{Kind: "apiError", Code: code}
	}
	return Envelope{Kind: "gateway", Retryable: RetryableStatus(status)}
}

// oldCode reads the error of the old API: codeDesc, or the number (wire §3.5).
func oldCode(outer map[string]json.RawMessage) string {
	code := textOf(outer["code"])
	var number json.Number
	if code == "" && json.Unmarshal(outer["code"], &number) == nil {
		code = number.String()
	}
	if code == "" || code == "0" {
		return ""
	}
	if description := textOf(outer["codeDesc"]); description != "" {
		return description
	}
	return code
}

// A RetryRule gives the class of an error code, or of all that continue it after a dot.
type RetryRule struct{ Code, Match, Retry string }

// RetryRules is the table of fixtures/vectors/api-retry.json without the rules that say what a code without rule is:
// never (wire §3.8).
var RetryRules = []RetryRule{
	{"AuthFailure.SignatureExpire", "exact", "resync-clock-once"},
	{"AuthFailure.SecretIdNotFound", "exact", "refresh-credentials-once"},
	{"AuthFailure.TokenFailure", "exact", "refresh-credentials-once"},
	{"InternalError", "prefix", "backoff"},
	{"RequestLimitExceeded", "prefix", "backoff"},
	{"ServiceUnavailable", "prefix", "backoff"},
	{"FailedOperation", "prefix", "caller"},
	{"FailedOperation.CoverType", "exact", "never"},
	{"FailedOperation.InvalidVodUser", "exact", "never"},
	{"FailedOperation.MediaType", "exact", "never"},
	{"ResourceInUse", "prefix", "caller"},
	{"ResourceInsufficient", "prefix", "caller"},
	{"ResourceUnavailable", "prefix", "caller"},
}

// RetryClass looks a code up: the longest rule counts, the exact one first.
func RetryClass(code string, rules []RetryRule) string {
	class, longest := Never, -1
	for _, rule := range rules {
		exact := code == rule.Code
		if !exact && !(rule.Match == "prefix" && strings.HasPrefix(code, rule.Code+".")) {
			continue
		}
		rank := 2 * len(rule.Code)
		if rule.Match == "exact" {
			rank++
		}
		if rank > longest {
			class, longest = rule.Retry, rank
		}
	}
	return class
}
