package main

import (
	"encoding/json"
	"strings"

	"vodup.example/wire"
)

func envelope(v *vector, _ *vectorFile) any {
	var in struct {
		Status int
		Body   string
	}
	v.into(&in)
	e := wire.ReadEnvelope(in.Status, []byte(in.Body))
	switch e.Kind {
	case "success":
		return stagesOf{"success": e.Response}
	case "gateway":
		return stagesOf{"gateway": stagesOf{"retryable": e.Retryable}}
	}
	failure := stagesOf{"apiCode": e.Code, "requestId": nil}
	if e.RequestID != "" {
		failure["requestId"] = e.RequestID
	}
	return stagesOf{"apiError": failure}
}

func eventParse(v *vector, _ *vectorFile) any {
	var in struct {
		Text *string
		Body json.RawMessage
	}
	v.into(&in)
	data := []byte(in.Body)
	if in.Text != nil {
		data = []byte(*in.Text)
	}
	event, err := wire.ParseEvent(data)
	if err != nil {
		return stagesOf{"error": "EVENT_INVALID"}
	}
	return stagesOf{"event": event}
}

func partStages(parts []wire.Part, sized bool) []stagesOf {
	list := []stagesOf{}
	for _, part := range parts {
		one := stagesOf{"partNumber": part.Number, "etag": part.ETag}
		if sized {
			one["size"] = part.Size
		}
		if part.LastModified != nil {
			one["lastModified"] = *part.LastModified
		}
		list = append(list, one)
	}
	return list
}

func document(v *vector, _ *vectorFile) any {
	var in struct{ Document string }
	v.into(&in)
	value, err := readDocument(in.Document, payload(v))
	if err == nil {
		return stagesOf{"value": value}
	}
	problem := err.(*wire.DocumentError)
	why := stagesOf{"reason": problem.Reason}
	if problem.Element != "" {
		why["element"] = problem.Element
	}
	return stagesOf{"error": why}
}

func readDocument(kind string, data []byte) (any, error) {
	switch kind {
	case "initiateResult":
		bucket, key, id, err := wire.ReadInitiate(data)
		return stagesOf{"bucket": bucket, "key": key, "uploadId": id}, err
	case "completeResult":
		c, err := wire.ReadComplete(data)
		return stagesOf{"location": c.Location, "bucket": c.Bucket, "key": c.Key, "etag": c.ETag}, err
	case "completeRequest":
		parts, err := wire.ReadCompleteRequest(data)
		return stagesOf{"parts": partStages(parts, false)}, err
	case "listPartsResult":
		list, err := wire.ReadPartList(data)
		page := stagesOf{"bucket": list.Bucket, "key": list.Key, "uploadId": list.UploadID,
			"parts": partStages(list.Parts, true), "isTruncated": list.Truncated}
		if list.NextMarker != nil {
			page["nextPartNumberMarker"] = *list.NextMarker
		}
		return page, err
	case "listUploadsResult":
		list, err := wire.ReadUploadList(data)
		return uploadStages(list), err
	}
	members, err := wire.ReadError(data)
	named := stagesOf{}
	for name, text := range members {
		named[strings.ToLower(name[:1])+name[1:]] = text
	}
	return named, err
}

func uploadStages(list wire.UploadList) stagesOf {
	uploads := []stagesOf{}
	for _, one := range list.Uploads {
		upload := stagesOf{"key": one.Key, "uploadId": one.UploadID}
		if one.Initiated != nil {
			upload["initiated"] = *one.Initiated
		}
		uploads = append(uploads, upload)
	}
	page := stagesOf{"bucket": list.Bucket, "uploads": uploads, "isTruncated": list.Truncated}
	if list.NextKeyMarker != "" {
		page["nextKeyMarker"] = list.NextKeyMarker
	}
	if list.NextUploadMark != "" {
		page["nextUploadIdMarker"] = list.NextUploadMark
	}
	return page
}
