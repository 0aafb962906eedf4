package wire

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"math"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
)

func mac(newHash func() hash.Hash, key []byte, text string) []byte {
	h := hmac.New(newHash, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

func sha256Hex(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// TC3 holds every stage of a signature for the VOD API, in the order of wire §2.
type TC3 struct {
	HashedPayload, CanonicalRequest, HashedCanonicalRequest, CredentialScope, StringToSign string
	SecretDate, SecretService, SecretSigning, Signature, Authorization                     string
}

// A TC3Request is what a TC3 signature covers. Headers are as sent; Signed names those that are signed, in lower case.
type TC3Request struct {
	Method, Query string
	Headers       []Pair
	Signed        []string
	Payload       []byte
	Service       string
	Timestamp     int64
}

// SignTC3 signs a request to the API (wire §2).
func SignTC3(r TC3Request, secretID, secretKey string) TC3 {
	values := map[string]string{}
	for _, header := range r.Headers {
		// In the canonical text values are in lower case too; the header keeps its own (wire §2.2).
		values[strings.ToLower(header.Name)] = strings.ToLower(strings.TrimSpace(header.Value))
	}
	names := append([]string(nil), r.Signed...)
	sort.Strings(names)
	lines := ""
	for _, name := range names {
		lines += name + ":" + values[name] + "\n"
	}
	signed := strings.Join(names, ";")
	// The UTC date of the timestamp, not the local one (wire §2.3).
	date := time.Unix(r.Timestamp, 0).UTC().Format("2006-01-02")

	var s TC3
	s.HashedPayload = sha256Hex(r.Payload)
	s.CanonicalRequest = strings.Join([]string{r.Method, "/", r.Query, lines, signed, s.HashedPayload}, "\n")
	s.HashedCanonicalRequest = sha256Hex([]byte(s.CanonicalRequest))
	s.CredentialScope = date + "/" + r.Service + "/tc3_request"
	s.StringToSign = fmt.Sprintf("TC3-HMAC-SHA256\n%d\n%s\n%s", r.Timestamp, s.CredentialScope, s.HashedCanonicalRequest)
	// The derived keys are raw bytes; hex is for the vectors only (wire §2.6).
	byDate := mac(sha256.New, []byte("TC3"+secretKey), date)
	byService := mac(sha256.New, byDate, r.Service)
	signing := mac(sha256.New, byService, "tc3_request")
	s.SecretDate, s.SecretService, s.SecretSigning = hex.EncodeToString(byDate), hex.EncodeToString(byService), hex.EncodeToString(signing)
	s.Signature = hex.EncodeToString(mac(sha256.New, signing, s.StringToSign))
	s.Authorization = fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s", secretID, s.CredentialScope, signed, s.Signature)
	return s
}

// COS holds every stage of a signature for the object storage, in the order of wire §5.
type COS struct {
	KeyTime, SignKey, URLParamList, HeaderList, HTTPString, HTTPStringSHA1, StringToSign, Signature, Authorization string
	fields                                                                                                         []Pair
}

// A COSRequest is what a COS signature covers, decoded. All its headers are signed (wire §5.6).
type COSRequest struct {
	Method, Path   string
	Query, Headers []Pair
	Start, End     int64
}

// SignCOS signs a request to the object storage (wire §5).
func SignCOS(r COSRequest, secretID, secretKey string) COS {
	var s COS
	s.KeyTime = fmt.Sprintf("%d;%d", r.Start, r.End)
	s.SignKey = hex.EncodeToString(mac(sha1.New, []byte(secretKey), s.KeyTime))
	var params, headers string
	s.URLParamList, params = sortedFields(r.Query)
	s.HeaderList, headers = sortedFields(r.Headers)
	// The path is decoded here; the encoded one is for the request line (wire §5.1).
	s.HTTPString = strings.ToLower(r.Method) + "\n" + r.Path + "\n" + params + "\n" + headers + "\n"
	sum := sha1.Sum([]byte(s.HTTPString))
	s.HTTPStringSHA1 = hex.EncodeToString(sum[:])
	s.StringToSign = "sha1\n" + s.KeyTime + "\n" + s.HTTPStringSHA1 + "\n"
	// SignKey is used as its 40 characters (wire §5.3).
	s.Signature = hex.EncodeToString(mac(sha1.New, []byte(s.SignKey), s.StringToSign))
	s.fields = []Pair{
		{"q-sign-algorithm", "sha1"}, {"q-ak", secretID}, {"q-sign-time", s.KeyTime}, {"q-key-time", s.KeyTime},
		{"q-header-list", s.HeaderList}, {"q-url-param-list", s.URLParamList}, {"q-signature", s.Signature},
	}
	texts := make([]string, len(s.fields))
	for i, field := range s.fields {
		texts[i] = field.Name + "=" + field.Value
	}
	s.Authorization = strings.Join(texts, "&")
	return s
}

// PresignCOS makes a URL that needs no header (wire §5.10): the host is always signed, the token never.
func PresignCOS(r COSRequest, origin, secretID, secretKey, token string) (COS, string) {
	host := strings.TrimPrefix(strings.TrimPrefix(origin, "https://"), "http://")
	headers := []Pair{{"host", host}}
	for _, header := range r.Headers {
		if !strings.EqualFold(header.Name, "host") {
			headers = append(headers, header)
		}
	}
	r.Headers = headers
	s := SignCOS(r, secretID, secretKey)
	pairs := append(append([]Pair(nil), r.Query...), s.fields...)
	if token != "" {
		pairs = append(pairs, Pair{"x-cos-security-token", token})
	}
	texts := make([]string, len(pairs))
	for i, pair := range pairs {
		texts[i] = Enc(pair.Name) + "=" + Enc(pair.Value)
	}
	return s, origin + KeyPath(r.Path) + "?" + strings.Join(texts, "&")
}

// SignClientUpload makes the permission that lets a browser upload (wire §15).
func SignClientUpload(params []Pair, secretKey string) (original, macHex, signature string) {
	texts := make([]string, len(params))
	for i, param := range params {
		texts[i] = encodeURIComponent(param.Name) + "=" + encodeURIComponent(param.Value)
	}
	original = strings.Join(texts, "&")
	sum := mac(sha1.New, []byte(secretKey), original)
	return original, hex.EncodeToString(sum), base64.StdEncoding.EncodeToString(append(sum, original...))
}

// VerifyCallback checks Sign and T of a notification (wire §14.1); the reason is empty where both are good.
func VerifyCallback(body map[string]any, signKey string, now, tolerance int64) (reason string) {
	sign, _ := body["Sign"].(string)
	digits, ok := body["T"].(string)
	if number, isNumber := body["T"].(float64); isNumber && number == math.Trunc(number) {
		digits, ok = strconv.FormatFloat(number, 'f', -1, 64), true
	}
	expiry, err := strconv.ParseInt(digits, 10, 64)
	if raw, bad := hex.DecodeString(sign); bad != nil || len(raw) != md5.Size {
		return "malformed"
	}
	// One way to write a number: neither a sign nor leading zeros, nor what no clock will show.
	if !ok || err != nil || expiry < 0 || len(digits) > 15 || strconv.FormatInt(expiry, 10) != digits {
		return "malformed"
	}
	sum := md5.Sum([]byte(signKey + digits))
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum[:])), []byte(strings.ToLower(sign))) != 1 {
		return "sign-mismatch"
	}
	switch {
	case now > expiry+tolerance:
		return "expired"
	case expiry > now+900+tolerance:
		return "too-far-ahead"
	}
	return ""
}

// SameMedia says whether a MediaUrl is about a storage path: encoded or not, decoded once at most (wire §10.5).
func SameMedia(mediaURL, storagePath string) bool {
	_, rest, found := strings.Cut(mediaURL, "://")
	at := strings.IndexByte(rest, '/')
	if !found || at < 0 {
		return false
	}
	decoded, err := url.PathUnescape(rest[at:])
	return rest[at:] == storagePath || (err == nil && decoded == storagePath)
}
