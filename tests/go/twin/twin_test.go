// Package twin is a program with the official Go SDK, in which go-vcr may record or replay.
//
// It makes the calls named in TWIN_CALLS, one after the other, and prints what came of each as
// a line of JSON. A test binary, since the recorder of x/vcr takes a *testing.T.
package twin

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"charm.land/x/vcr"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/cassette"
	"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"
)

type report struct {
	Call  string
	Got   string
	Error string
}

func TestCalls(t *testing.T) {
	c := caller{http: &http.Client{Transport: transport(t)}}
	options := []option.RequestOption{option.WithHTTPClient(c.http), option.WithMaxRetries(0)}
	if os.Getenv("TWIN_RECORDER") != "" {
		// go-vcr compares multipart bodies byte by byte.
		options = append(options, option.WithMiddleware(fixBoundary))
	}
	c.sdk = openai.NewClient(options...)
	out := json.NewEncoder(os.Stdout)
	for _, name := range words("TWIN_CALLS") {
		call, ok := calls[name]
		if !ok {
			t.Fatalf("no call is named %q", name)
		}
		got, err := call(t.Context(), c)
		r := report{Call: name, Got: got}
		if err != nil {
			r.Error = err.Error()
		}
		if err := out.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	// The line that a test binary ends with would else follow.
	fmt.Println()
}

// transport has a cassette in testdata, where both recorders look for a test's, or none.
func transport(t *testing.T) http.RoundTripper {
	mode := recorder.ModeRecordOnly
	if os.Getenv("TWIN_MODE") == "replay" {
		mode = recorder.ModeReplayOnly
	}
	var r *recorder.Recorder
	switch name := os.Getenv("TWIN_RECORDER"); name {
	case "":
		return http.DefaultTransport
	case "x-vcr":
		r = vcr.NewRecorder(t, vcr.WithMode(mode))
	case "go-vcr":
		r = plain(t, mode)
	default:
		t.Fatalf("no recorder is named %q", name)
	}
	if mode == recorder.ModeReplayOnly {
		return stored{r}
	}
	return r
}

// plain is go-vcr as it comes, but for what is left out of the file: headers that are not in
// TWIN_HEADERS, and the host.
func plain(t *testing.T, mode recorder.Mode) *recorder.Recorder {
	r, err := recorder.New(
		"testdata/"+t.Name(),
		recorder.WithMode(mode),
		recorder.WithSkipRequestLatency(true),
		recorder.WithHook(cut, recorder.BeforeSaveHook),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func cut(i *cassette.Interaction) error {
	keepOnly(i.Request.Headers, words("TWIN_HEADERS"))
	keepOnly(i.Response.Headers, words("TWIN_HEADERS"))
	i.Request.Host = ""
	return nil
}

// stored cuts a request to what a cassette holds of it, since go-vcr's matcher compares all of
// it: so does that of x/vcr where there is no body.
type stored struct{ next http.RoundTripper }

func (s stored) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	keepOnly(r.Header, words("TWIN_HEADERS"))
	r.Host = ""
	return s.next.RoundTrip(r)
}

func keepOnly(h http.Header, names []string) {
	for name := range h {
		if !slices.Contains(names, name) {
			delete(h, name)
		}
	}
}

func words(variable string) []string {
	return strings.Split(os.Getenv(variable), ",")
}
