package main

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"vodup.example/wire"
)

// A multipart is one upload in parts; its id and the parts' size are what a record keeps of it.
type multipart struct {
	*storage
	file     *os.File
	size     int64
	partSize int64
	uploadID string
}

func (m *multipart) id() []wire.Pair { return []wire.Pair{{Name: "uploadId", Value: m.uploadID}} }

// initiate begins the upload (wire §6.3). The Content-Type belongs here, not to parts (wire §6.15).
func (m *multipart) initiate() error {
	got, err := m.request(call{method: "POST", query: []wire.Pair{{Name: "uploads"}}, contentType: m.contentType, body: []byte{}})
	if err == nil {
		_, _, m.uploadID, err = wire.ReadInitiate(got.body)
	}
	return err
}

// read gives the bytes of a part, counted from 1.
func (m *multipart) read(number int64) ([]byte, error) {
	from := (number - 1) * m.partSize
	length := m.size - from
	if length > m.partSize {
		length = m.partSize
	}
	data := make([]byte, length)
	if _, err := io.ReadFull(io.NewSectionReader(m.file, from, length), data); err != nil {
		return nil, fmt.Errorf("the file became shorter: %w", err)
	}
	return data, nil
}

// send sends the parts that are not listed with the file's own bytes, then completes.
func (m *multipart) send(listed map[int64]wire.Part) error {
	var document strings.Builder
	document.WriteString("<CompleteMultipartUpload>")
	var crc uint64
	for number := int64(1); (number-1)*m.partSize < m.size; number++ {
		data, err := m.read(number)
		if err != nil {
			return err
		}
		etag := `"` + listed[number].ETag + `"`
		if !holds(listed[number], data) {
			query := append([]wire.Pair{{Name: "partNumber", Value: strconv.FormatInt(number, 10)}}, m.id()...)
			if etag, err = m.stores(call{method: "PUT", query: query, body: data}); err != nil {
				return err
			}
		}
		// wire §6.6: the ETag as it came, quotes and all; a quote needs no escape in the text of an element.
		fmt.Fprintf(&document, "<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", number, etag)
		crc = wire.CombineCRC64(crc, wire.CRC64(data), uint64(len(data)))
	}
	document.WriteString("</CompleteMultipartUpload>")
	return m.complete([]byte(document.String()), strconv.FormatUint(crc, 10))
}

// holds: a listed part is taken only if its ETag is the MD5 of the file's bytes at its place (wire §9.4).
func holds(part wire.Part, data []byte) bool {
	sum := md5.Sum(data)
	return part.Size == int64(len(data)) && strings.EqualFold(part.ETag, hex.EncodeToString(sum[:]))
}

// list gives what is stored so far, page by page (wire §6.5).
func (m *multipart) list() (map[int64]wire.Part, error) {
	parts := map[int64]wire.Part{}
	query := append(m.id(), wire.Pair{Name: "max-parts", Value: "1000"})
	for {
		got, err := m.request(call{method: "GET", query: query})
		if err != nil {
			return nil, err
		}
		page, err := wire.ReadPartList(got.body)
		if err != nil {
			return nil, err
		}
		for _, part := range page.Parts {
			parts[part.Number] = part
		}
		if !page.Truncated {
			return parts, nil
		}
		query = append(m.id(), wire.Pair{Name: "max-parts", Value: "1000"},
			wire.Pair{Name: "part-number-marker", Value: strconv.FormatInt(*page.NextMarker, 10)})
	}
}

// complete sends the list until the document, or HEAD, says that the object is there (wire §6.7, §11.2).
func (m *multipart) complete(document []byte, crc string) error {
	for attempt := 1; ; attempt++ {
		// Not repeated blindly: an attempt whose answer says nothing may have done its work.
		got, err := m.attempt(call{"POST", m.id(), "application/xml", document, patient})
		if err == nil {
			if _, err = wire.ReadComplete(got.body); err == nil && got.crc64() != "" {
				return same(got.crc64(), crc, m.key.Key) // wire §11.3: final
			}
		}
		succeeded := err == nil
		var no *refused
		refusal := errors.As(err, &no)
		gone := refusal && no.code == "NoSuchUpload"
		if refusal && no.status != 409 && !(gone && attempt > 1) {
			return err
		}
		there, unsure := m.head(crc)
		switch {
		case there:
			return unsure
		case succeeded && forbidden(unsure):
			return nil // verified by its parts only (wire §11.2)
		case unsure != nil:
			return unsure
		case succeeded:
			return &refused{what: "Complete succeeded, and nothing lies at the key"} // wire §11.3
		case gone:
			return err // another Complete would find nothing either
		}
		why := &passing{kind: wire.Backoff}
		errors.As(err, &why)
		if !pause(attempt, why) {
			return fmt.Errorf("Complete does not succeed: %w", err)
		}
	}
}

// head asks what lies at the key (wire §6.9): false and no error where nothing does.
func (m *multipart) head(crc string) (bool, error) {
	got, err := m.request(call{method: "HEAD"})
	var no *refused
	if errors.As(err, &no) && no.status == 404 {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if length := got.header.Get("Content-Length"); length != strconv.FormatInt(m.size, 10) {
		return true, &refused{what: "an object of another size lies at the key"}
	}
	if got.crc64() == "" {
		return true, nil // by its size and its parts' checksums only (wire §11.2)
	}
	return true, same(got.crc64(), crc, m.key.Key)
}

func forbidden(err error) bool {
	var no *refused
	return errors.As(err, &no) && no.status == 403
}

func same(stored, sent, key string) error {
	if stored != sent {
		return &refused{what: "the object at " + key + " has another CRC64 than the file"}
	}
	return nil
}

// abort frees the parts (wire §6.8, §9.3); true: nothing is left.
func (m *multipart) abort() bool {
	_, err := m.request(call{method: "DELETE", query: m.id()})
	var no *refused
	return err == nil || (errors.As(err, &no) && no.status == 404)
}
