// A test suite in miniature: `calls COUNT [CASSETTE]` asks the API that often, with go-vcr
// inside where a cassette is named.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"
)

const question = `{"model": "gpt-4o-mini", "messages": [{"role": "system", "content": "You answer in Portuguese, in one sentence."}, {"role": "user", "content": "Question number %d: how are you?"}], "stream": false}`

func main() {
	count, err := strconv.Atoi(os.Args[1])
	check(err)
	client := http.DefaultClient
	if len(os.Args) > 2 {
		vcr, err := recorder.New(strings.TrimSuffix(os.Args[2], ".yaml"),
			recorder.WithMode(recorder.ModeReplayOnly),
			recorder.WithSkipRequestLatency(true),
			recorder.WithMatcher(sameCall))
		check(err)
		defer vcr.Stop()
		client = vcr.GetDefaultClient()
	}
	url := os.Getenv("OPENAI_BASE_URL")
	if url == "" {
		url = "https://api.openai.com/v1"
	}
	for number := range count {
		body := strings.NewReader(fmt.Sprintf(question, number))
		response, err := client.Post(url+"/chat/completions", "application/json", body)
		check(err)
		answer, err := io.ReadAll(response.Body)
		check(err)
		response.Body.Close()
		if !bytes.Contains(answer, fmt.Appendf(nil, "answer-%06d.", number)) {
			check(fmt.Errorf("%s: %s", response.Status, answer))
		}
	}
}

func sameCall(request *http.Request, recorded cassette.Request) bool {
	body, err := io.ReadAll(request.Body)
	check(err)
	request.Body.Close()
	request.Body = io.NopCloser(bytes.NewReader(body))
	return request.Method == recorded.Method && request.URL.String() == recorded.URL && string(body) == recorded.Body
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
