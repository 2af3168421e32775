package twin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

const api = "https://api.openai.com/v1/"

type caller struct {
	sdk  openai.Client
	http *http.Client
}

// calls by name; what they return is what a program sees.
var calls = map[string]func(context.Context, caller) (string, error){
	"json":        func(ctx context.Context, c caller) (string, error) { return chat(ctx, c, "json") },
	"gzip":        func(ctx context.Context, c caller) (string, error) { return chat(ctx, c, "gzip") },
	"events":      func(ctx context.Context, c caller) (string, error) { return stream(ctx, c, "events") },
	"gzip-events": func(ctx context.Context, c caller) (string, error) { return stream(ctx, c, "gzip events") },
	"too-many": func(ctx context.Context, c caller) (string, error) {
		return chat(ctx, c, "too many", option.WithMaxRetries(1))
	},
	"too-many-for-good": func(ctx context.Context, c caller) (string, error) { return chat(ctx, c, "too many for good") },
	"speech":            speech,
	"transcription":     transcription,
	"upload":            upload,
	"list":              list,
	"not-found": func(ctx context.Context, c caller) (string, error) {
		model, err := c.sdk.Models.Get(ctx, "gpt-9")
		if err != nil {
			return "", err
		}
		return model.ID, nil
	},
	"delete": func(ctx context.Context, c caller) (string, error) {
		deleted, err := c.sdk.Files.Delete(ctx, "file-1")
		if err != nil {
			return "", err
		}
		return fmt.Sprint(deleted.ID, " ", deleted.Deleted), nil
	},
	"no-content":      raw("DELETE", "responses/resp_1", nil),
	"not-modified":    raw("GET", "not-modified", nil),
	"empty":           raw("POST", "empty", []byte{}),
	"empty-stream":    raw("POST", "empty-stream", []byte("{}")),
	"empty-gzip":      raw("GET", "empty-gzip", nil),
	"closed":          raw("GET", "closed", nil),
	"head":            raw("HEAD", "models/gpt-4o-mini", nil),
	"head-stream":     raw("HEAD", "stream", nil),
	"head-gzip":       raw("HEAD", "gzip", nil),
	"latin-1":         raw("GET", "latin-1", nil),
	"control":         raw("POST", "echo", []byte("\x00\x01 \t\r\n\u0085\u2028\ufeff\x7f")),
	"unknown-status":  raw("GET", "status/520", nil),
	"teapot":          raw("GET", "status/418", nil),
	"unprocessable":   raw("GET", "status/422", nil),
	"own-reason":      raw("GET", "own-reason", nil),
	"trailers":        raw("GET", "trailers", nil),
	"no-trailers":     raw("GET", "no-trailers", nil),
	"patch-form":      form("PATCH"),
	"post-form":       form("POST"),
	"get-with-form":   form("GET"),
	"query":           raw("GET", "echo?x10=a&x9=b&X1=c&include[]=2&include[]=1&q=%C3%A9+%26&flag&=&_=1&a-b=1&ab=2&%fe=%ff", nil),
	"escaped-path":    raw("GET", "echo/a%2Fb%20c/%C3%A9;v=1?", nil),
	"unknown-length":  unknownLength,
	"repeated":        raw("GET", "repeated", nil, option.WithHeaderAdd("Accept", "text/plain"), option.WithHeaderAdd("X-Repeated", "one"), option.WithHeaderAdd("X-Repeated", "two")),
	"no-accept":       raw("GET", "echo", nil, option.WithHeaderDel("Accept"), option.WithHeaderDel("User-Agent"), option.WithHeader("Content-Type", "")),
	"status-texts":    statusTexts,
	"moved":           raw("GET", "moved", nil),
	"attachment":      raw("GET", "files/file-1/content", nil),
	"net-http":        netHTTP,
	"net-http-upload": netHTTPUpload,
}

func chat(ctx context.Context, c caller, text string, options ...option.RequestOption) (string, error) {
	answer, err := c.sdk.Chat.Completions.New(ctx, question(text), options...)
	if err != nil {
		return "", err
	}
	return answer.Choices[0].Message.Content, nil
}

func stream(ctx context.Context, c caller, text string) (string, error) {
	var answer strings.Builder
	events := c.sdk.Chat.Completions.NewStreaming(ctx, question(text))
	for events.Next() {
		for _, choice := range events.Current().Choices {
			answer.WriteString(choice.Delta.Content)
		}
	}
	return answer.String(), events.Err()
}

func question(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model: "gpt-4o-mini",
		Messages: []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage("Be brief:\n\tno \"quotes\", no <tags>, \u00e9 \U0001f600 \u2028 "),
			openai.UserMessage(text),
		},
	}
}

func speech(ctx context.Context, c caller) (string, error) {
	answer, err := c.sdk.Audio.Speech.New(ctx, openai.AudioSpeechNewParams{Input: "Hi", Model: "tts-1", Voice: openai.AudioSpeechNewParamsVoiceUnion{OfString: openai.String("alloy")}})
	if err != nil {
		return "", err
	}
	return describe(answer)
}

func transcription(ctx context.Context, c caller) (string, error) {
	sound := make([]byte, 2000)
	for i := range sound {
		sound[i] = byte(i * 7)
	}
	file := openai.File(bytes.NewReader(sound), "sp\u00e9ech.wav", "audio/wav")
	answer, err := c.sdk.Audio.Transcriptions.New(ctx, openai.AudioTranscriptionNewParams{File: file, Model: "whisper-1"})
	if err != nil {
		return "", err
	}
	return answer.Text, nil
}

func upload(ctx context.Context, c caller) (string, error) {
	file := openai.File(strings.NewReader("{\"n\": 1}\n{\"n\": 2}\n"), "batch.jsonl", "application/jsonl")
	answer, err := c.sdk.Files.New(ctx, openai.FileNewParams{File: file, Purpose: openai.FilePurposeBatch})
	if err != nil {
		return "", err
	}
	return answer.Filename, nil
}

func list(ctx context.Context, c caller) (string, error) {
	page, err := c.sdk.Files.List(ctx, openai.FileListParams{
		After: openai.String("file-0"), Limit: openai.Int(2), Purpose: openai.String("batch & more"),
	})
	if err != nil {
		return "", err
	}
	names := ""
	for _, file := range page.Data {
		names += file.Filename + " "
	}
	return names, nil
}

// raw is a call without a method of its own in the SDK.
func raw(method, path string, body []byte, options ...option.RequestOption) func(context.Context, caller) (string, error) {
	return func(ctx context.Context, c caller) (string, error) {
		var params any
		if body != nil {
			params = body
		}
		return execute(ctx, c, method, path, params, options...)
	}
}

func execute(ctx context.Context, c caller, method, path string, params any, options ...option.RequestOption) (string, error) {
	var answer *http.Response
	if err := c.sdk.Execute(ctx, method, path, params, &answer, options...); err != nil {
		return "", err
	}
	return describe(answer)
}

func form(method string) func(context.Context, caller) (string, error) {
	body := []byte("b=2&a=1+%2B&a=0&x=body")
	return raw(method, "echo?x=query&a=3", body, option.WithHeader("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"))
}

// unknownLength sends a body that only its end ends.
func unknownLength(ctx context.Context, c caller) (string, error) {
	return execute(ctx, c, "POST", "echo", struct{ io.Reader }{strings.NewReader("as it comes")})
}

// statusTexts asks nobody.
func statusTexts(context.Context, caller) (string, error) {
	texts := make([]string, 0, 500)
	for code := 100; code < 600; code++ {
		texts = append(texts, http.StatusText(code))
	}
	return strings.Join(texts, "\n"), nil
}

func netHTTP(_ context.Context, c caller) (string, error) {
	answer, err := c.http.PostForm(api+"echo?q=1", url.Values{"z": {"1", "2"}, "q": {"2"}})
	if err != nil {
		return "", err
	}
	return describe(answer)
}

func netHTTPUpload(ctx context.Context, c caller) (string, error) {
	request, err := http.NewRequestWithContext(ctx, "PUT", api+"echo", struct{ io.Reader }{strings.NewReader("as it comes")})
	if err != nil {
		return "", err
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return "", err
	}
	return describe(answer)
}

func describe(answer *http.Response) (string, error) {
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	digest := sha256.Sum256(body)
	return fmt.Sprintf("%d %q %d bytes %x", answer.StatusCode, answer.Header["Content-Type"], len(body), digest[:8]), err
}

// fixBoundary replaces a multipart body's random boundary with one of the same length.
func fixBoundary(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
	kind, parameters, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	boundary := parameters["boundary"]
	if !strings.HasPrefix(kind, "multipart/") || boundary == "" {
		return next(r)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	fixed := strings.Repeat("b", len(boundary))
	body = bytes.ReplaceAll(body, []byte(boundary), []byte(fixed))
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.Header.Set("Content-Type", kind+"; boundary="+fixed)
	return next(r)
}
