package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"vodup.example/wire"
)

// wire §3.14: 10 s to connect, 30 s without a byte that moves, 120 s for Complete, which merges before its document.
const (
	connectTime  = 10 * time.Second
	idleTime     = 30 * time.Second
	completeTime = 120 * time.Second
)

// A passing error says nothing about what the service did: no answer, or none that is the service's own.
type passing struct {
	what       string
	kind       string // wire.Backoff or wire.Throttle
	retryAfter float64
}

func (e *passing) Error() string { return e.what }

// A refused error: the same request would be refused again. Its text never holds an answer, which may repeat a token
// (wire §5.11).
type refused struct {
	what, code string
	status     int
}

func (e *refused) Error() string { return e.what }

// An idleConn moves its deadline with each byte.
type idleConn struct {
	net.Conn
	time time.Duration
}

func (c idleConn) Read(b []byte) (int, error) {
	_ = c.SetDeadline(time.Now().Add(c.time)) // where this fails, so does Read
	return c.Conn.Read(b)
}

func (c idleConn) Write(b []byte) (int, error) {
	_ = c.SetDeadline(time.Now().Add(c.time))
	return c.Conn.Write(b)
}

func newClient(idle time.Duration) *http.Client {
	dialer := net.Dialer{Timeout: connectTime}
	return &http.Client{
		Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dialer.DialContext(ctx, network, address)
				return idleConn{conn, idle}, err
			},
			// Otherwise the transport adds a header of its own, and sends what a closed connection lost again, unsigned
			// anew (wire §11.8).
			DisableCompression: true,
			DisableKeepAlives:  true,
		},
		// wire §1.5: a signature is good for one host and path.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

var usual, patient = newClient(idleTime), newClient(completeTime)

type answer struct {
	status int
	header http.Header
	body   []byte
}

// send makes one request and reads its answer to the end. The target goes out as it is (wire §5.9).
func send(client *http.Client, method, origin, target string, headers []wire.Pair, body []byte) (*answer, error) {
	address, err := url.Parse(origin)
	if err != nil {
		return nil, &refused{what: "the endpoint is not a URL"}
	}
	path, query, _ := strings.Cut(target, "?")
	decoded, err := url.PathUnescape(path)
	if err != nil {
		return nil, &refused{what: "the path cannot be sent"}
	}
	// With both forms given net/url writes the encoded one as it stands.
	address.Path, address.RawPath, address.RawQuery = decoded, path, query
	request := &http.Request{Method: method, URL: address, Header: http.Header{}, ContentLength: int64(len(body))}
	if len(body) > 0 { // an empty one that is not nil would go in chunks
		request.Body = io.NopCloser(bytes.NewReader(body))
	}
	for _, header := range headers {
		if strings.EqualFold(header.Name, "host") {
			request.Host = header.Value
		} else if !strings.EqualFold(header.Name, "content-length") { // net/http writes that itself
			request.Header.Set(header.Name, header.Value)
		}
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, &passing{what: method + ": no answer", kind: wire.Backoff}
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, &passing{what: method + ": the answer was cut short", kind: wire.Backoff}
	}
	return &answer{response.StatusCode, response.Header, data}, nil
}

// retryAfterMs is a lower bound for the next pause (wire §11.5); 0 where the answer names none.
func (a *answer) retryAfterMs() float64 {
	text := a.header.Get("Retry-After")
	if seconds, err := strconv.ParseUint(text, 10, 32); err == nil {
		return float64(seconds) * 1000
	}
	if at, err := http.ParseTime(text); err == nil {
		return float64(time.Until(at).Milliseconds())
	}
	return 0
}

// date is the service's clock, as it answered (wire §3.6, §6.11).
func (a *answer) date() (time.Time, bool) {
	at, err := http.ParseTime(a.header.Get("Date"))
	return at, err == nil
}

// retrying repeats what is passing: bounded attempts, growing pauses, chance, Retry-After (wire §11.5 to §11.8). `once`
// signs each time.
func retrying(once func() (*answer, error)) (*answer, error) {
	for attempt := 1; ; attempt++ {
		got, err := once()
		var passes *passing
		if err == nil || !errors.As(err, &passes) {
			return got, err
		}
		if !pause(attempt, passes) {
			return nil, fmt.Errorf("%w, after %d attempts", err, attempt)
		}
	}
}

// pause waits before the next attempt; false: there is none.
func pause(attempt int, why *passing) bool {
	delay, again := wire.DefaultRetry.Delay(why.kind, attempt, rand.Float64(), why.retryAfter)
	if again {
		time.Sleep(time.Duration(delay) * time.Millisecond)
	}
	return again
}
