package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vodup.example/wire"
)

// An api calls the VOD API (wire §2, §3).
type api struct {
	endpoint, host, region string
	secretID, secretKey    string
	subAppID               json.Number // empty: none
	// How far the service's clock is ahead of this machine's (wire §3.6).
	ahead time.Duration
}

func newAPI(settings settings) (*api, error) {
	address, err := url.Parse(settings.vodEndpoint)
	if err != nil || address.Host == "" {
		return nil, &refused{what: "the API's endpoint is not a URL"}
	}
	return &api{endpoint: settings.vodEndpoint, host: address.Host, region: settings.region, secretID: settings.secretID,
		secretKey: settings.secretKey, subAppID: settings.subAppID}, nil
}

func (a *api) now() time.Time { return time.Now().Add(a.ahead) }

// call repeats what is passing. Where `lost` is given it is set once an attempt may have taken effect unseen (wire §11.4).
func (a *api) call(action string, params map[string]any, result any, lost *bool) error {
	if a.subAppID != "" {
		params["SubAppId"] = a.subAppID // a bare integer, in every call (wire §3.3)
	}
	// Made once: what is hashed is what is sent (wire §2.5).
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(params); err != nil {
		return err
	}
	resynced := false
	got, err := retrying(func() (*answer, error) {
		for {
			got, err := a.once(action, body.Bytes())
			var no *refused
			var passes *passing
			if lost != nil && errors.As(err, &passes) && passes.kind != wire.Throttle {
				*lost = true
			}
			if resynced || !errors.As(err, &no) || wire.RetryClass(no.code, wire.RetryRules) != "resync-clock-once" {
				return got, err
			}
			at, known := got.date()
			if !known {
				return got, err // nothing to correct by (wire §17.7)
			}
			a.ahead, resynced = time.Until(at), true
		}
	})
	if err != nil {
		return err
	}
	return json.Unmarshal(got.body, result)
}

// once makes one signed call; of a success the body is the Response.
func (a *api) once(action string, body []byte) (*answer, error) {
	timestamp := a.now().Unix()
	headers := []wire.Pair{
		{Name: "Host", Value: a.host},
		{Name: "Content-Type", Value: "application/json"},
		{Name: "X-TC-Action", Value: action},
		{Name: "X-TC-Version", Value: "2018-07-17"},
		{Name: "X-TC-Timestamp", Value: strconv.FormatInt(timestamp, 10)},
		{Name: "X-TC-Region", Value: a.region},
	}
	signature := wire.SignTC3(wire.TC3Request{Method: "POST", Headers: headers, Payload: body, Service: "vod",
		Signed: []string{"content-type", "host", "x-tc-action"}, Timestamp: timestamp}, a.secretID, a.secretKey)
	headers = append(headers, wire.Pair{Name: "Authorization", Value: signature.Authorization})
	got, err := send(usual, "POST", a.endpoint, "/", headers, body)
	if err != nil {
		return nil, err
	}
	envelope := wire.ReadEnvelope(got.status, got.body)
	switch envelope.Kind {
	case "success":
		got.body = envelope.Response
		return got, nil
	case "gateway":
		what := fmt.Sprintf("%s: status %d of a gateway", action, got.status)
		if envelope.Retryable {
			return got, &passing{what, wire.Backoff, got.retryAfterMs()}
		}
		return got, &refused{what: what, status: got.status}
	}
	what := fmt.Sprintf("%s: %s (request %s)", action, envelope.Code, envelope.RequestID)
	if wire.RetryClass(envelope.Code, wire.RetryRules) == "backoff" {
		kind := wire.Backoff
		if strings.HasPrefix(envelope.Code, "RequestLimitExceeded") {
			kind = wire.Throttle
		}
		return got, &passing{what, kind, got.retryAfterMs()}
	}
	return got, &refused{what, envelope.Code, got.status}
}

// A session is ApplyUpload's answer (wire §4.2).
type session struct {
	StorageBucket, StorageRegion, VodSessionKey, MediaStoragePath, CoverStoragePath string
	TempCertificate                                                                 *certificate
	// Not of the answer: when it came, by the service's clock. The life of a certificate counts from here (wire §12.1).
	ReceivedAt int64
}

type certificate struct {
	SecretID    string `json:"SecretId"`
	SecretKey   string
	Token       string
	ExpiredTime int64
}

// dueAt is when 90 % of the certificate's life are over (wire §12.1).
func (s *session) dueAt() int64 {
	return s.ReceivedAt + (s.TempCertificate.ExpiredTime-s.ReceivedAt)*9/10
}

// samePlace says whether a renewed session may go on in place of this one (wire §12.2).
func (s *session) samePlace(other *session) bool {
	return s.StorageBucket == other.StorageBucket && s.StorageRegion == other.StorageRegion &&
		s.MediaStoragePath == other.MediaStoragePath && s.CoverStoragePath == other.CoverStoragePath
}

// apply begins a session, or renews the one with this key. Repeating it is harmless (wire §4.4).
func (a *api) apply(mediaType, name, sessionKey string) (*session, error) {
	params := map[string]any{"MediaType": mediaType, "MediaName": name}
	if sessionKey != "" {
		params["VodSessionKey"] = sessionKey
	}
	var s session
	if err := a.call("ApplyUpload", params, &s, nil); err != nil {
		return nil, err
	}
	if s.VodSessionKey == "" || s.StorageBucket == "" {
		return nil, &refused{what: "ApplyUpload: the answer has no session"}
	}
	s.ReceivedAt = a.now().Unix()
	return &s, nil
}

// sessionGone holds what a repeated commit may be told where the first has worked (wire §10.2, §11.4).
var sessionGone = map[string]bool{"InvalidParameterValue.VodSessionKey": true, "ResourceNotFound": true,
	"FailedOperation.InvalidVodSessionKey": true}

// commit makes the media. `maybeDone`: an earlier run may have committed already.
func (a *api) commit(s *session, maybeDone bool) (string, error) {
	var answer struct{ FileId string }
	err := a.call("CommitUpload", map[string]any{"VodSessionKey": s.VodSessionKey}, &answer, &maybeDone)
	if err == nil && answer.FileId == "" {
		err = &passing{what: "CommitUpload: the answer has no FileId"}
	}
	var no *refused
	if !maybeDone || !errors.As(err, &no) || !sessionGone[no.code] {
		return answer.FileId, err
	}
	// wire §11.4: the session is gone, perhaps because the commit whose answer was lost did its work.
	fileID := candidate(s.MediaStoragePath)
	var media struct {
		MediaInfoSet []struct{ BasicInfo struct{ MediaUrl string } }
	}
	if fileID != "" && a.call("DescribeMediaInfos", map[string]any{"FileIds": []string{fileID}}, &media, nil) == nil {
		for _, one := range media.MediaInfoSet {
			if wire.SameMedia(one.BasicInfo.MediaUrl, s.MediaStoragePath) {
				return fileID, nil
			}
		}
	}
	return "", fmt.Errorf("whether the media exists is uncertain: look for the path %s before uploading it again: %w", s.MediaStoragePath, err)
}

// candidate is the FileId that the directory of a storage path names after 8 hex characters, or "" (wire §11.4).
func candidate(path string) string {
	segments := strings.Split(path, "/")
	if len(segments) < 2 {
		return ""
	}
	directory := segments[len(segments)-2]
	if len(directory) <= 8 || strings.Trim(directory[:8], "0123456789abcdef") != "" || strings.Trim(directory[8:], "0123456789") != "" {
		return ""
	}
	return directory[8:]
}
