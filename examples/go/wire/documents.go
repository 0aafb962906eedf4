package wire

import "strings"

// ReadInitiate gives bucket, key and UploadId of Initiate's answer (wire §6.3). The UploadId is opaque.
func ReadInitiate(data []byte) (bucket, key, uploadID string, err error) {
	root, err := rootOf(data, "InitiateMultipartUploadResult")
	if err == nil {
		_, err = root.required("UploadId")
	}
	if err != nil {
		return "", "", "", err
	}
	return root.optional("Bucket"), root.optional("Key"), root.optional("UploadId"), nil
}

// A Completed is Complete's answer. Its Location may lack the scheme: do not read it (wire §6.18).
type Completed struct{ Location, Bucket, Key, ETag string }

// ReadComplete reads what alone says that Complete succeeded (wire §6.7).
func ReadComplete(data []byte) (c Completed, err error) {
	root, err := rootOf(data, "CompleteMultipartUploadResult")
	if err != nil {
		return c, err
	}
	c = Completed{Location: root.optional("Location"), Bucket: root.optional("Bucket"), Key: root.optional("Key")}
	c.ETag, err = root.etag()
	return c, err
}

// A Part is one entry of ListParts or of the document that Complete sends.
type Part struct {
	Number, Size int64
	ETag         string
	LastModified *string
}

// A PartList is one page of ListParts (wire §6.5).
type PartList struct {
	Bucket, Key, UploadID string
	Parts                 []Part
	Truncated             bool
	NextMarker            *int64
}

func (e *element) parts(sized bool) (parts []Part, err error) {
	for _, one := range e.children {
		if one.name != "Part" {
			continue
		}
		var part Part
		if part.Number, err = one.number("PartNumber", 1, 10_000); err != nil {
			return nil, err
		}
		if part.ETag, err = one.etag(); err != nil {
			return nil, err
		}
		if sized {
			if part.Size, err = one.number("Size", 0, 1<<53-1); err != nil {
				return nil, err
			}
		}
		if modified, there := one.child("LastModified"); there {
			part.LastModified = &modified
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// ReadPartList reads a page of ListParts; no parts and one part are lists too.
func ReadPartList(data []byte) (list PartList, err error) {
	root, err := rootOf(data, "ListPartsResult")
	if err != nil {
		return list, err
	}
	list = PartList{Bucket: root.optional("Bucket"), Key: root.decoded(root.optional("Key"))}
	list.UploadID = root.optional("UploadId", "UploadID")
	if list.Truncated, err = root.truncated(); err != nil {
		return list, err
	}
	if list.Parts, err = root.parts(true); err != nil {
		return list, err
	}
	if list.Truncated || strings.TrimSpace(root.optional("NextPartNumberMarker")) != "" {
		marker, err := root.number("NextPartNumberMarker", 0, 10_000)
		if err != nil {
			return list, err
		}
		list.NextMarker = &marker
	}
	return list, nil
}

// An Upload is one entry of ListMultipartUploads.
type Upload struct {
	Key, UploadID string
	Initiated     *string
}

// An UploadList is one page of ListMultipartUploads (wire §6.19).
type UploadList struct {
	Bucket                        string
	Uploads                       []Upload
	Truncated                     bool
	NextKeyMarker, NextUploadMark string
}

// ReadUploadList reads a page of uploads. The client here does not list: never depend on it (wire §6.19).
func ReadUploadList(data []byte) (list UploadList, err error) {
	root, err := rootOf(data, "ListMultipartUploadsResult")
	if err != nil {
		return list, err
	}
	list.Bucket = root.optional("Bucket")
	if list.Truncated, err = root.truncated(); err != nil {
		return list, err
	}
	for _, one := range root.children {
		if one.name != "Upload" {
			continue
		}
		key := one.optional("Key")
		if key == "" {
			return list, &DocumentError{"missing-element", "Key"}
		}
		if _, err := one.required("UploadId"); err != nil {
			return list, err
		}
		upload := Upload{Key: root.decoded(key), UploadID: one.optional("UploadId")}
		if initiated, there := one.child("Initiated"); there {
			upload.Initiated = &initiated
		}
		list.Uploads = append(list.Uploads, upload)
	}
	list.NextKeyMarker = root.decoded(root.optional("NextKeyMarker"))
	list.NextUploadMark = root.optional("NextUploadIdMarker")
	if list.Truncated && list.NextKeyMarker == "" {
		err = &DocumentError{"missing-element", "NextKeyMarker"}
	}
	return list, err
}

// ReadCompleteRequest reads the document that Complete sends: for the vectors only.
func ReadCompleteRequest(data []byte) ([]Part, error) {
	root, err := rootOf(data, "CompleteMultipartUpload")
	if err != nil {
		return nil, err
	}
	parts, err := root.parts(false)
	if err == nil && len(parts) == 0 {
		err = &DocumentError{"missing-element", "Part"}
	}
	return parts, err
}

// ReadError gives the members of an error document that are there, by their names (wire §6.10). Code always is.
func ReadError(data []byte) (map[string]string, error) {
	root, err := rootOf(data, "Error")
	if err != nil {
		return nil, err
	}
	code, err := root.required("Code")
	if err != nil {
		return nil, err
	}
	members := map[string]string{"Code": code, "Message": root.optional("Message")}
	for _, name := range []string{"Resource", "RequestId", "TraceId", "ServerTime", "StringToSign", "FormatString"} {
		if text, there := root.child(name); there {
			members[name] = text
		}
	}
	return members, nil
}
