package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
)

// A record is what a run that was killed leaves for the next one (wire §9.4). It holds a certificate, so others cannot
// read it, and never the account's key (wire §18.5).
type record struct {
	Path       string
	Size       int64
	ModifiedNs int64
	PartSize   int64
	UploadID   string
	Session    *session
	file       string
}

// recordFor gives where the record of a file is: in $XDG_STATE_HOME, or ~/.local/state. One for a file and an endpoint.
func recordFor(path, endpoint string) (string, error) {
	folder := os.Getenv("XDG_STATE_HOME")
	if folder == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		folder = filepath.Join(home, ".local", "state")
	}
	folder = filepath.Join(folder, "vod-upload-go")
	sum := sha256.Sum256([]byte(endpoint + "\n" + path))
	return filepath.Join(folder, hex.EncodeToString(sum[:16])+".json"), os.MkdirAll(folder, 0o700)
}

// readRecord gives nil where there is none that can be read: the upload begins from the beginning.
func readRecord(file string) *record {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil
	}
	r := &record{file: file}
	if json.Unmarshal(data, r) != nil || r.Session == nil || r.UploadID == "" || r.PartSize <= 0 {
		return nil
	}
	return r
}

// save replaces the record as a whole: a kill leaves the old one or the new one.
func (r *record) save() error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	temporary := r.file + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, r.file)
}

func (r *record) remove() {
	if r.file != "" {
		_ = os.Remove(r.file) // one that stays is found useless by the next run
	}
}
