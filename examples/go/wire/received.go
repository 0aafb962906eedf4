package wire

import (
	"crypto/hmac"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// What a server does with a signature, for those who write a test double.

var (
	tc3Form = regexp.MustCompile(`^TC3-HMAC-SHA256 Credential=([^/,\s]+)/(\d{4}-\d\d-\d\d)/vod/tc3_request, ` +
		`SignedHeaders=([^,\s]+), Signature=([0-9a-f]{64})$`)
	seconds  = regexp.MustCompile(`^\d{1,11}$`)
	keyTimes = regexp.MustCompile(`^(\d{1,11});(\d{1,11})$`)
)

// byLowerName gives the headers of a request as they were sent.
func byLowerName(headers []Pair) map[string]string {
	sent := map[string]string{}
	for _, header := range headers {
		sent[strings.ToLower(header.Name)] = header.Value
	}
	return sent
}

func number(digits string) int64 {
	value, _ := strconv.ParseInt(digits, 10, 64) // the form was checked
	return value
}

// sortedOnce says whether names are sorted, none of them twice.
func sortedOnce(names []string) bool {
	for i := 1; i < len(names); i++ {
		if names[i-1] >= names[i] {
			return false
		}
	}
	return true
}

func includes(names []string, name string) bool {
	at := sort.SearchStrings(names, name)
	return at < len(names) && names[at] == name
}

// VerifyTC3 says whether the API takes a request at the second now (wire §2, §3.6).
func VerifyTC3(method string, headers []Pair, body []byte, now int64, secretID, secretKey string) bool {
	sent := byLowerName(headers)
	parts := tc3Form.FindStringSubmatch(sent["authorization"])
	if parts == nil || parts[1] != secretID || !seconds.MatchString(sent["x-tc-timestamp"]) {
		return false
	}
	names, timestamp := strings.Split(parts[3], ";"), number(sent["x-tc-timestamp"])
	if now-timestamp > 300 || timestamp-now > 300 || !sortedOnce(names) {
		return false
	}
	if !includes(names, "content-type") || !includes(names, "host") {
		return false
	}
	for _, name := range names {
		if _, there := sent[name]; !there {
			return false
		}
	}
	s := SignTC3(TC3Request{Method: method, Headers: headers, Signed: names, Payload: body, Service: "vod",
		Timestamp: timestamp}, secretID, secretKey)
	return strings.HasPrefix(s.CredentialScope, parts[2]+"/") && hmac.Equal([]byte(s.Signature), []byte(parts[4]))
}

// VerifyCOS says whether COS takes a request outside strict mode (wire §5). r is decoded and has all that was sent.
func VerifyCOS(r COSRequest, now int64, secretID, secretKey, token string) bool {
	sent := byLowerName(r.Headers)
	fields := map[string]string{}
	for _, pair := range strings.Split(sent["authorization"], "&") {
		name, value, _ := strings.Cut(pair, "=")
		fields[name] = value
	}
	times := keyTimes.FindStringSubmatch(fields["q-key-time"])
	if len(fields) != 7 || times == nil || fields["q-sign-time"] != fields["q-key-time"] {
		return false
	}
	if fields["q-sign-algorithm"] != "sha1" || fields["q-ak"] != secretID || sent["x-cos-security-token"] != token {
		return false
	}
	start, end := number(times[1]), number(times[2])
	if start > now+900 || end < now {
		return false
	}
	headerList, paramList := fields["q-header-list"], fields["q-url-param-list"]
	signed := COSRequest{Method: r.Method, Path: r.Path, Start: start, End: end}
	signed.Headers = listed(r.Headers, headerList)
	signed.Query = listed(r.Query, paramList)
	s := SignCOS(signed, secretID, secretKey)
	// A name that was not sent, or stands in another order or case, gives another list.
	if s.HeaderList != headerList || s.URLParamList != paramList {
		return false
	}
	return includes(strings.Split(headerList, ";"), "host") && hmac.Equal([]byte(s.Signature), []byte(fields["q-signature"]))
}

// listed gives those pairs whose encoded name stands in a list.
func listed(pairs []Pair, list string) (chosen []Pair) {
	for _, pair := range pairs {
		if strings.Contains(";"+list+";", ";"+strings.ToLower(Enc(pair.Name))+";") {
			chosen = append(chosen, pair)
		}
	}
	return chosen
}
