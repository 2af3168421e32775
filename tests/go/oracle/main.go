// Command oracle says what go-vcr and go-yaml make of a cassette: it answers each line of
// standard input, a JSON question, with one line of JSON.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
)

// question holds texts as []byte, base64 in JSON, because a Go string is any bytes.
type question struct {
	Ask   string // "dump", "bodies", "keys", "load", "again", "duration", "format"
	Style string // whose options of go-yaml to write with: "x-vcr", "go-vcr"
	Texts [][]byte
}

type answer struct {
	Error string
	Texts [][]byte
}

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	questions := json.NewDecoder(in)
	answers := json.NewEncoder(out)
	for {
		var q question
		if err := questions.Decode(&q); err != nil {
			return
		}
		if err := answers.Encode(reply(q)); err != nil {
			panic(err)
		}
	}
}

func reply(q question) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Error: fmt.Sprint("panic: ", r)}
		}
	}()
	for _, text := range q.Texts {
		result, err := one(q, text)
		if err != nil {
			a.Error = err.Error()
		}
		a.Texts = append(a.Texts, result)
	}
	return a
}

func one(q question, text []byte) ([]byte, error) {
	switch q.Ask {
	case "dump":
		return save(everywhere(string(text)), q.Style)
	case "bodies":
		return save(bodies(string(text)), q.Style)
	case "keys": // texts with NUL between them, as the keys of one map
		return save(keyed(strings.Split(string(text), "\x00")), q.Style)
	case "load":
		return load(text)
	case "again": // a cassette, saved as it was loaded
		c, err := cassette.LoadWithFS("memory", &memory{text})
		if err != nil {
			return nil, err
		}
		return save(c, q.Style)
	case "duration":
		d, err := time.ParseDuration(string(text))
		return []byte(fmt.Sprint(int64(d))), err
	case "format":
		var d int64
		_, err := fmt.Sscan(string(text), &d)
		return []byte(time.Duration(d).String()), err
	}
	return nil, errors.New("unknown question")
}

// everywhere is a cassette with the text in each place that takes any text.
func everywhere(text string) *cassette.Cassette {
	c := cassette.New("memory")
	c.AddInteraction(&cassette.Interaction{
		Request: cassette.Request{
			Proto: text, ProtoMajor: 1, ContentLength: -1, Host: text, Body: text, URL: text, Method: text,
			TransferEncoding: []string{text},
			Form:             url.Values{text: {text, text}, "no values": nil},
			Headers:          http.Header{"X-Text": {text}, text + "x": {}},
		},
		Response: cassette.Response{Body: text, Status: text, Uncompressed: true, Duration: 3133094 * time.Microsecond},
	})
	return c
}

// bodies is a cassette with a long text where long texts stand.
func bodies(text string) *cassette.Cassette {
	c := cassette.New("memory")
	c.AddInteraction(&cassette.Interaction{
		Request:  cassette.Request{URL: text, Headers: http.Header{"X-Text": {text}}},
		Response: cassette.Response{Body: text},
	})
	return c
}

func keyed(names []string) *cassette.Cassette {
	c := cassette.New("memory")
	form := make(url.Values)
	for _, name := range names {
		form[name] = nil
	}
	c.AddInteraction(&cassette.Interaction{Request: cassette.Request{Form: form}})
	return c
}

// memory is a file system with one file.
type memory struct{ data []byte }

func (m *memory) ReadFile(string) ([]byte, error) { return m.data, nil }
func (m *memory) IsFileExists(string) bool        { return true }
func (m *memory) WriteFile(_ string, data []byte) error {
	m.data = data
	return nil
}

func save(c *cassette.Cassette, style string) ([]byte, error) {
	switch style {
	case "go-vcr":
		c.MarshalFunc = yaml.Marshal // recorder.go, New
	case "x-vcr":
		c.MarshalFunc = func(in any) ([]byte, error) { // x/vcr, marshaler.go
			var b bytes.Buffer
			enc := yaml.NewEncoder(&b)
			enc.SetIndent(2)
			enc.CompactSeqIndent()
			err := enc.Encode(in)
			return b.Bytes(), err
		}
	}
	var file memory
	err := c.SaveWithFS(&file)
	return file.data, err
}

// load answers with the cassette as Go has read it, in JSON.
func load(data []byte) ([]byte, error) {
	c, err := cassette.LoadWithFS("memory", &memory{data})
	if err != nil {
		return nil, err
	}
	type message struct {
		Body   []byte
		Fields any
	}
	type pair struct {
		ID                int
		Request, Response message
	}
	all := make([]pair, 0)
	for _, i := range c.Interactions {
		if i == nil {
			return nil, errors.New("nil interaction")
		}
		request, response := i.Request, i.Response
		request.Body, response.Body = "", ""
		all = append(all, pair{i.ID, message{[]byte(i.Request.Body), request}, message{[]byte(i.Response.Body), response}})
	}
	return json.Marshal(all)
}
