package wire

import "math"

const (
	MiB = 1 << 20
	GiB = 1 << 30

	largestPart   = 5 * GiB
	largestObject = 50_000 * GiB
)

func ceilDiv(a, b int64) int64 { return (a + b - 1) / b }

func upToMiB(size int64) int64 { return ceilDiv(size, MiB) * MiB }

func most(a, b int64) int64 {
	if a > b {
		return a
	}
	return b
}

func least(a, b int64) int64 {
	if a < b {
		return a
	}
	return b
}

// A Plan says how an object is cut; Wanted and Needed are the steps to it.
type Plan struct {
	Wanted, Needed, PartSize, PartCount, LastPartSize int64
	Multipart                                         bool
}

// PlanParts cuts an object of a known size (wire §7.3). A partSize of 0 chooses. False: larger than any object may be.
func PlanParts(size, partSize int64) (Plan, bool) {
	if size > largestObject {
		return Plan{}, false
	}
	wanted := partSize
	if wanted == 0 {
		wanted = most(8*MiB, upToMiB(ceilDiv(size, 1000)))
	}
	needed := upToMiB(ceilDiv(size, 10_000))
	plan := Plan{Wanted: wanted, Needed: needed, PartSize: least(largestPart, most(wanted, needed)), PartCount: 1, LastPartSize: size}
	if size > plan.PartSize {
		plan.Multipart = true
		plan.PartCount = ceilDiv(size, plan.PartSize)
		plan.LastPartSize = size - (plan.PartCount-1)*plan.PartSize
	}
	return plan, true
}

// GrownPart is what the bytes sent so far ask of the next part of a stream (wire §7.4).
func GrownPart(sent int64) int64 { return upToMiB(ceilDiv(sent, 500)) }

// NextPart is the size of the next part of a stream (wire §7.4).
func NextPart(base, sent int64) int64 { return least(largestPart, most(base, GrownPart(sent))) }

// What is done with a failure (wire §3.8, §11.5).
const (
	Never              = "never"
	Now                = "now"
	Backoff            = "backoff"
	Throttle           = "throttle"
	ResyncClock        = "resync-clock"
	RefreshCredentials = "refresh-credentials"
)

// A RetryPolicy bounds attempts and pauses; milliseconds.
type RetryPolicy struct {
	Attempts                                                  int
	BaseDelayMs, ThrottleDelayMs, MaxDelayMs, MaxRetryAfterMs float64
}

// DefaultRetry is the policy of wire §11.5.
var DefaultRetry = RetryPolicy{6, 250, 1000, 8000, 60_000}

// Pause gives the longest pause after an attempt, and what chance makes of it.
func (p RetryPolicy) Pause(kind string, attempt int, random float64) (ceilingMs, jitteredMs float64) {
	base := p.BaseDelayMs
	if kind == Throttle {
		base = p.ThrottleDelayMs
	}
	ceilingMs = math.Min(p.MaxDelayMs, base*math.Pow(2, float64(attempt-1)))
	return ceilingMs, random * ceilingMs
}

// Delay gives the milliseconds to wait after attempt n, counted from 1; false: give up. A negative retryAfterMs is none.
func (p RetryPolicy) Delay(kind string, attempt int, random, retryAfterMs float64) (float64, bool) {
	if kind == Never || attempt >= p.Attempts {
		return 0, false
	}
	if kind == Now || kind == ResyncClock || kind == RefreshCredentials {
		return 0, true
	}
	if retryAfterMs > p.MaxRetryAfterMs {
		return 0, false
	}
	_, jittered := p.Pause(kind, attempt, random)
	return math.Floor(math.Max(retryAfterMs, jittered) + 0.5), true
}
