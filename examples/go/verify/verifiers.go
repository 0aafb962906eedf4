package main

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"vodup.example/wire"
)

type stagesOf map[string]any

var verifiers = map[string]func(*vector, *vectorFile) any{
	"api-retry": apiRetry, "callback-sign": callback, "client-upload-sign": clientUpload, "cos-presign": cosPresign,
	"cos-server-echo": cosSign, "cos-sign-v5": cosSign, "cos-verify": cosVerify, "crc64": crc64, "crc64-combine": crc64Combine,
	"envelope": envelope, "event-parse": eventParse, "part-plan": partPlan, "percent-encoding": percentEncoding,
	"retry-decision": retryDecision, "storage-key": storageKey, "tc3-sign": tc3Sign,
	"tc3-verify": tc3Verify, "xml": document,
}

// payload gives the bytes of a vector's body; large ones are described rather than written out.
func payload(v *vector) []byte {
	var in struct {
		Payload, PayloadEncoding string
		PayloadLength            *int
		PayloadGenerator         *struct {
			Prefix, Unit, Suffix string
			Count                int
		}
	}
	v.into(&in)
	data := []byte(in.Payload)
	if g := in.PayloadGenerator; g != nil {
		data = []byte(g.Prefix + strings.Repeat(g.Unit, g.Count) + g.Suffix)
	} else if in.PayloadEncoding == "base64" {
		data, _ = base64.StdEncoding.DecodeString(in.Payload) // the length is compared below
	}
	if in.PayloadLength != nil && len(data) != *in.PayloadLength {
		panic(fmt.Sprintf("%s: the payload has %d bytes", v.Name, len(data)))
	}
	return data
}

// pairs reads an object whose order counts, as that of a presigned query does. A null is an empty value.
func pairs(raw json.RawMessage) (list []wire.Pair) {
	names, values := stages(raw)
	for _, name := range names {
		text, _ := values[name].(string)
		list = append(list, wire.Pair{Name: name, Value: text})
	}
	return list
}

func percentEncoding(v *vector, _ *vectorFile) any {
	var in struct{ Input string }
	v.into(&in)
	value := wire.Enc(in.Input)
	return stagesOf{"value": value, "name": strings.ToLower(value), "keyPath": wire.KeyPath(in.Input)}
}

func storageKey(v *vector, _ *vectorFile) any {
	var in struct{ StoragePath string }
	v.into(&in)
	key, problem := wire.StorageKey(in.StoragePath)
	if problem != "" {
		return stagesOf{"error": problem}
	}
	return stagesOf{"key": key.Key, "signedPath": key.SignedPath, "requestPath": key.RequestPath}
}

func tc3Sign(v *vector, _ *vectorFile) any {
	var in struct {
		Method, Host, Query, Service, SecretId, SecretKey string
		Headers                                           json.RawMessage
		SignedHeaders                                     []string
		Timestamp                                         int64
		PayloadHashInput                                  *string
	}
	v.into(&in)
	body := payload(v)
	if in.PayloadHashInput != nil {
		body = []byte(*in.PayloadHashInput)
	}
	headers := append(pairs(in.Headers), wire.Pair{Name: "Host", Value: in.Host})
	s := wire.SignTC3(wire.TC3Request{Method: in.Method, Query: in.Query, Headers: headers, Signed: in.SignedHeaders,
		Payload: body, Service: in.Service, Timestamp: in.Timestamp}, in.SecretId, in.SecretKey)
	return stagesOf{"hashedPayload": s.HashedPayload, "canonicalRequest": s.CanonicalRequest,
		"hashedCanonicalRequest": s.HashedCanonicalRequest, "credentialScope": s.CredentialScope,
		"stringToSign": s.StringToSign, "secretDate": s.SecretDate, "secretService": s.SecretService,
		"secretSigning": s.SecretSigning, "signature": s.Signature, "authorization": s.Authorization}
}

type cosInputs struct {
	Method, Path, URL, SecretId, SecretKey, Token string
	Query, Headers                                json.RawMessage
	SignedHeaders                                 []string
	StartTime, EndTime                            int64
}

func (in cosInputs) request() wire.COSRequest {
	r := wire.COSRequest{Method: in.Method, Path: in.Path, Query: pairs(in.Query), Start: in.StartTime, End: in.EndTime}
	for _, header := range pairs(in.Headers) {
		signed := in.SignedHeaders == nil
		for _, name := range in.SignedHeaders {
			signed = signed || strings.EqualFold(name, header.Name)
		}
		if signed {
			r.Headers = append(r.Headers, header)
		}
	}
	return r
}

func cosStages(s wire.COS) stagesOf {
	return stagesOf{"keyTime": s.KeyTime, "signKey": s.SignKey, "urlParamList": s.URLParamList, "headerList": s.HeaderList,
		"httpString": s.HTTPString, "httpStringSha1": s.HTTPStringSHA1, "stringToSign": s.StringToSign,
		"signature": s.Signature, "authorization": s.Authorization}
}

func cosSign(v *vector, _ *vectorFile) any {
	var in cosInputs
	v.into(&in)
	return cosStages(wire.SignCOS(in.request(), in.SecretId, in.SecretKey))
}

func cosPresign(v *vector, _ *vectorFile) any {
	var in cosInputs
	v.into(&in)
	s, url := wire.PresignCOS(in.request(), in.URL, in.SecretId, in.SecretKey, in.Token)
	result := cosStages(s)
	result["url"] = url
	return result
}

type received struct {
	cosInputs
	Now      int64
	Expected map[string]any
}

// verdict leaves the rule as it is: it is for people, a verifier says only yes or no.
func (in received) verdict(valid bool) any {
	result := stagesOf{}
	for name, value := range in.Expected {
		result[name] = value
	}
	result["valid"] = valid
	return result
}

func tc3Verify(v *vector, _ *vectorFile) any {
	var in received
	v.into(&in)
	return in.verdict(wire.VerifyTC3(in.Method, pairs(in.Headers), payload(v), in.Now, in.SecretId, in.SecretKey))
}

func cosVerify(v *vector, _ *vectorFile) any {
	var in received
	v.into(&in)
	return in.verdict(wire.VerifyCOS(in.request(), in.Now, in.SecretId, in.SecretKey, in.Token))
}

func clientUpload(v *vector, _ *vectorFile) any {
	var in struct {
		SecretKey string
		Params    [][2]json.RawMessage
	}
	v.into(&in)
	var params []wire.Pair
	for _, param := range in.Params {
		var texts [2]string
		for i, raw := range param {
			// A number is written as it stands.
			if json.Unmarshal(raw, &texts[i]) != nil {
				texts[i] = string(raw)
			}
		}
		params = append(params, wire.Pair{Name: texts[0], Value: texts[1]})
	}
	original, macHex, signature := wire.SignClientUpload(params, in.SecretKey)
	return stagesOf{"original": original, "macHex": macHex, "signature": signature}
}

func callback(v *vector, _ *vectorFile) any {
	var in struct {
		SignKey               string
		Now, ToleranceSeconds int64
		Body                  any
		Expected              struct{ MD5Input string }
	}
	v.into(&in)
	body, _ := in.Body.(map[string]any)
	reason := wire.VerifyCallback(body, in.SignKey, in.Now, in.ToleranceSeconds)
	text := in.Expected.MD5Input
	// Where T is unusable the vector names the one of the valid case: only the hash can be reproduced then.
	if reason != "malformed" {
		text = in.SignKey + written(body["T"])
	}
	sum := md5.Sum([]byte(text))
	result := stagesOf{"md5Input": text, "md5": hex.EncodeToString(sum[:]), "valid": reason == ""}
	if reason != "" {
		result["reason"] = reason
	}
	return result
}

func crc64(v *vector, _ *vectorFile) any {
	return stagesOf{"crc64": strconv.FormatUint(wire.CRC64(payload(v)), 10)}
}

func crc64Combine(v *vector, _ *vectorFile) any {
	var in struct {
		A, B      uint64 `json:",string"`
		LengthOfB uint64
	}
	v.into(&in)
	return stagesOf{"crc64": strconv.FormatUint(wire.CombineCRC64(in.A, in.B, in.LengthOfB), 10)}
}

func partPlan(v *vector, _ *vectorFile) any {
	var in struct {
		Size, SentBytes int64
		Base            *int64
		PartSize        any
	}
	v.into(&in)
	if in.Base != nil {
		return stagesOf{"grown": wire.GrownPart(in.SentBytes), "partSize": wire.NextPart(*in.Base, in.SentBytes)}
	}
	chosen, _ := in.PartSize.(float64) // "auto" is no number: 0
	plan, possible := wire.PlanParts(in.Size, int64(chosen))
	if !possible {
		return stagesOf{"error": "SOURCE_TOO_LARGE"}
	}
	kind := "put"
	if plan.Multipart {
		kind = "multipart"
	}
	return stagesOf{"wanted": plan.Wanted, "needed": plan.Needed, "kind": kind, "partSize": plan.PartSize,
		"partCount": plan.PartCount, "lastPartSize": plan.LastPartSize}
}

func retryDecision(v *vector, _ *vectorFile) any {
	var in struct {
		Kind         string
		Attempt      int
		Policy       wire.RetryPolicy
		Random       float64
		RetryAfterMs *float64
	}
	v.into(&in)
	retryAfter := -1.0
	if in.RetryAfterMs != nil {
		retryAfter = *in.RetryAfterMs
	}
	ceiling, jittered := in.Policy.Pause(in.Kind, in.Attempt, in.Random)
	result := stagesOf{"ceilingMs": ceiling, "jitteredMs": jittered, "delayMs": nil}
	if delay, again := in.Policy.Delay(in.Kind, in.Attempt, in.Random, retryAfter); again {
		result["delayMs"] = delay
	}
	return result
}

// apiRetry asks the table of the file, and then that of the client, which leaves out what is never anyway.
func apiRetry(v *vector, file *vectorFile) any {
	var in struct{ Input string }
	v.into(&in)
	var rules []wire.RetryRule
	for _, raw := range file.Rules {
		var rule wire.RetryRule
		if err := json.Unmarshal(raw, &rule); err != nil {
			panic(err)
		}
		rules = append(rules, rule)
	}
	class, own := wire.RetryClass(in.Input, rules), wire.RetryClass(in.Input, wire.RetryRules)
	if class != own {
		return "the table says " + class + ", the client " + own
	}
	return class
}

// written gives a number or a text as it stands in a text.
func written(value any) string {
	if number, isNumber := value.(float64); isNumber {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}
