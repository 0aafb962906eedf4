package main

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vodup.example/wire"
)

// A storage makes the requests of one session to COS (wire §5, §6).
type storage struct {
	api         *api
	session     *session
	origin      string
	key         wire.Key
	contentType string
	// COS's clock may be another than the API's (wire §6.11).
	ahead time.Duration
	// renew gets a certificate for the same session (wire §12.2).
	renew func() error
}

func newStorage(a *api, s *session, settings settings, renew func() error) (*storage, error) {
	key, problem := wire.StorageKey(s.MediaStoragePath)
	if problem != "" {
		return nil, &refused{what: "the storage path cannot be used: " + problem} // wire §4.3
	}
	origin := settings.cosEndpoint
	if origin == "" {
		origin = "https://" + s.StorageBucket + ".cos." + s.StorageRegion + ".myqcloud.com" // wire §6.1
	}
	return &storage{api: a, session: s, origin: origin, key: key, ahead: a.ahead, renew: renew,
		contentType: contentType(settings.mediaType)}, nil
}

// A call is one request to COS before it is signed.
type call struct {
	method      string
	query       []wire.Pair
	contentType string
	body        []byte // nil: a request without a body
	client      *http.Client
}

// once signs and sends. Signed is all that is sent but what net/http adds (wire §5.6).
func (s *storage) once(c call) (*answer, error) {
	address, err := url.Parse(s.origin)
	if err != nil {
		return nil, &refused{what: "the endpoint of COS is not a URL"}
	}
	headers := []wire.Pair{{Name: "Host", Value: address.Host}}
	if c.body != nil {
		headers = append(headers, wire.Pair{Name: "Content-Length", Value: strconv.Itoa(len(c.body))})
	}
	if c.contentType != "" {
		headers = append(headers, wire.Pair{Name: "Content-Type", Value: c.contentType})
	}
	secretID, secretKey := s.api.secretID, s.api.secretKey // without a certificate the account's own (wire §4.9)
	if certificate := s.session.TempCertificate; certificate != nil {
		secretID, secretKey = certificate.SecretID, certificate.SecretKey
		headers = append(headers, wire.Pair{Name: "x-cos-security-token", Value: certificate.Token})
	}
	// wire §5.8: from a minute ago, for 15 minutes.
	start := time.Now().Add(s.ahead).Unix() - 60
	signature := wire.SignCOS(wire.COSRequest{Method: c.method, Path: s.key.SignedPath, Query: c.query, Headers: headers,
		Start: start, End: start + 900}, secretID, secretKey)
	headers = append(headers, wire.Pair{Name: "Authorization", Value: signature.Authorization})
	target := s.key.RequestPath
	if len(c.query) > 0 {
		target += "?" + wire.Query(c.query)
	}
	client := c.client
	if client == nil {
		client = usual
	}
	return send(client, c.method, s.origin, target, headers, c.body)
}

// request sends until COS answers; what it refuses is an error, with its code.
func (s *storage) request(c call) (*answer, error) {
	return retrying(func() (*answer, error) { return s.attempt(c) })
}

// attempt sends once, and once more where the clock or the certificate was at fault (wire §6.20). A second time would be
// the same mistake.
func (s *storage) attempt(c call) (*answer, error) {
	for resynced, renewed := false, false; ; {
		if err := s.renewWhenDue(); err != nil {
			return nil, err
		}
		got, err := s.once(c)
		if err != nil {
			return nil, err
		}
		err = s.judge(c.method, got)
		var no *refused
		switch {
		case !errors.As(err, &no):
			return got, err
		case !resynced && s.resync(no, got):
			resynced = true
		case !renewed && s.ranOut(no):
			renewed = true
			if err := s.renew(); err != nil {
				return nil, err
			}
		default:
			return got, err
		}
	}
}

// judge sorts an answer by the table of wire §6.20.
func (s *storage) judge(method string, got *answer) error {
	document, _ := wire.ReadError(got.body) // no document is no code
	code := document["Code"]
	if got.header.Get("x-cos-request-id") == "" && code == "" {
		what := fmt.Sprintf("%s: status %d, and not of COS", method, got.status) // wire §6.10
		return &passing{what, wire.Backoff, got.retryAfterMs()}
	}
	if got.status >= 200 && got.status < 300 {
		return nil
	}
	what := fmt.Sprintf("%s: status %d %s (request %s)", method, got.status, code, got.header.Get("x-cos-request-id"))
	switch {
	case code == "SlowDown", got.status == 429:
		return &passing{what, wire.Throttle, got.retryAfterMs()}
	case got.status >= 500, got.status == 408, code == "BadDigest", code == "IncompleteBody", code == "RequestTimeout":
		return &passing{what, wire.Backoff, got.retryAfterMs()}
	}
	return &refused{what, code, got.status}
}

// resync corrects the clock where that is what COS refuses (wire §6.11, §6.20).
func (s *storage) resync(no *refused, got *answer) bool {
	document, _ := wire.ReadError(got.body)
	expired := no.code == "AccessDenied" && document["Message"] == "Request has expired"
	if !expired && no.code != "RequestTimeTooSkewed" {
		return false
	}
	at, known := got.date()
	if served, err := time.Parse(time.RFC3339, document["ServerTime"]); err == nil {
		at, known = served, true
	}
	if known {
		s.ahead = time.Until(at)
	}
	return known
}

// ranOut says whether another certificate may help (wire §6.20).
func (s *storage) ranOut(no *refused) bool {
	certificate := s.session.TempCertificate
	if certificate == nil {
		return false
	}
	over := s.api.now().Unix() >= certificate.ExpiredTime
	return no.code == "ExpiredToken" || (over && no.status == 403)
}

func (s *storage) renewWhenDue() error {
	if s.session.TempCertificate == nil || s.api.now().Unix() < s.session.dueAt() {
		return nil
	}
	return s.renew()
}

// crc64 is the checksum that COS says it stored; "" where it says none.
func (a *answer) crc64() string { return a.header.Get("x-cos-hash-crc64ecma") }

// stores sends bytes until the checksums of the answer are theirs (wire §8.3, §8.4); gives the ETag as it came.
func (s *storage) stores(c call) (string, error) {
	sum := md5.Sum(c.body)
	hash, crc := hex.EncodeToString(sum[:]), strconv.FormatUint(wire.CRC64(c.body), 10)
	for attempt := 1; ; attempt++ {
		got, err := s.request(c)
		if err != nil {
			return "", err
		}
		etag := got.header.Get("ETag")
		same := (got.crc64() == "" || got.crc64() == crc) && (encrypted(got) || strings.EqualFold(wire.Unquoted(etag), hash))
		if same && etag != "" {
			return etag, nil
		}
		if !pause(attempt, &passing{kind: wire.Backoff}) {
			return "", &refused{what: "what is stored is not what was sent"}
		}
	}
}

// encrypted: where the ETag is not the MD5 (wire §8.3).
func encrypted(got *answer) bool {
	return got.header.Get("x-cos-server-side-encryption") == "cos/kms" ||
		got.header.Get("x-cos-server-side-encryption-cos-kms-key-id") != "" ||
		got.header.Get("x-cos-server-side-encryption-customer-algorithm") != ""
}

// wire §4.5; any is taken.
var contentTypes = map[string]string{
	"mp4": "video/mp4", "mp4v": "video/mp4", "mov": "video/quicktime", "qt": "video/quicktime", "mkv": "video/x-matroska",
	"webm": "video/webm", "flv": "video/x-flv", "avi": "video/x-msvideo", "ts": "video/mp2t", "wmv": "video/x-ms-wmv",
	"3gp": "video/3gpp", "m4v": "video/x-m4v", "mpeg": "video/mpeg", "mpg": "video/mpeg", "mp3": "audio/mpeg",
	"m4a": "audio/mp4", "aac": "audio/aac", "wav": "audio/wav", "flac": "audio/flac",
}

func contentType(mediaType string) string {
	if known := contentTypes[mediaType]; known != "" {
		return known
	}
	return "application/octet-stream"
}
