// Calls of the official Go SDK, by name: each prints a line `NAME: ANSWER`.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/responses"
)

const model = "gpt-4o-mini"

var (
	client    = openai.NewClient(option.WithMaxRetries(0))
	questions = openai.ChatCompletionNewParams{
		Model: model,
		Messages: []openai.ChatCompletionMessageParamUnion{
			openai.SystemMessage("Be <brief>."),
			openai.UserMessage("naïve ✓ 😀"),
		},
		Temperature: openai.Float(1),
	}
)

var calls = map[string]func(context.Context) (string, error){
	"chat":          chat,
	"stream":        stream,
	"embeddings":    func(ctx context.Context) (string, error) { return embeddings(ctx, "") },
	"floats":        func(ctx context.Context) (string, error) { return embeddings(ctx, "float") },
	"transcription": transcription,
	"responses":     respond,
}

func main() {
	for _, name := range os.Args[1:] {
		answer, err := calls[name](context.Background())
		if err != nil {
			answer = fmt.Sprint("failed: ", err)
		}
		fmt.Printf("%s: %s\n", name, answer)
	}
}

func chat(ctx context.Context) (string, error) {
	answer, err := client.Chat.Completions.New(ctx, questions)
	if err != nil {
		return "", err
	}
	return answer.Choices[0].Message.Content, nil
}

func stream(ctx context.Context) (string, error) {
	text := ""
	params := questions
	params.StreamOptions.IncludeUsage = openai.Bool(true)
	events := client.Chat.Completions.NewStreaming(ctx, params)
	for events.Next() {
		for _, choice := range events.Current().Choices {
			text += choice.Delta.Content
		}
	}
	return text, events.Err()
}

func embeddings(ctx context.Context, format openai.EmbeddingNewParamsEncodingFormat) (string, error) {
	answer, err := client.Embeddings.New(ctx, openai.EmbeddingNewParams{
		Model:          "text-embedding-3-small",
		Input:          openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"one", "two"}},
		EncodingFormat: format,
	})
	if err != nil {
		return "", err
	}
	return fmt.Sprint(answer.Data[0].Embedding, " ", answer.Data[1].Embedding), nil
}

func transcription(ctx context.Context) (string, error) {
	file, err := os.Open("speech.wav")
	if err != nil {
		return "", err
	}
	defer file.Close()
	params := openai.AudioTranscriptionNewParams{File: file, Model: "whisper-1", Language: openai.String("pt")}
	answer, err := client.Audio.Transcriptions.New(ctx, params)
	if err != nil {
		return "", err
	}
	return answer.Text, nil
}

func respond(ctx context.Context) (string, error) {
	answer, err := client.Responses.New(ctx, responses.ResponseNewParams{
		Model:           model,
		Input:           responses.ResponseNewParamsInputUnion{OfString: openai.String("naïve ✓ 😀")},
		MaxOutputTokens: openai.Int(100),
	})
	if err != nil {
		return "", err
	}
	return answer.OutputText(), nil
}
