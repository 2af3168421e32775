// Streams of the official Go SDK, one after the other:
//
//	streams COUNT [EVENTS]
//
// As many chats and responses each, read to their end or left after EVENTS events. Prints what
// came of each in a line; 1 is the exit code where one failed.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/ssestream"
	"github.com/openai/openai-go/v3/responses"
)

const model = "gpt-4o-mini"

func main() {
	count, _ := strconv.Atoi(os.Args[1])
	events := 0
	if len(os.Args) > 2 {
		events, _ = strconv.Atoi(os.Args[2])
	}
	ctx := context.Background()
	client := openai.NewClient(option.WithMaxRetries(0))
	for number := range count {
		question := fmt.Sprint("question ", number)
		read("chat", events, client.Chat.Completions.NewStreaming(ctx, openai.ChatCompletionNewParams{
			Model:    model,
			Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(question)},
		}), func(event openai.ChatCompletionChunk) string { return event.RawJSON() })
		read("response", events, client.Responses.NewStreaming(ctx, responses.ResponseNewParams{
			Model: model,
			Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(question)},
		}), func(event responses.ResponseStreamEventUnion) string { return event.RawJSON() })
	}
}

func read[T any](name string, events int, stream *ssestream.Stream[T], text func(T) string) {
	defer stream.Close()
	var got []string
	for (events == 0 || len(got) < events) && stream.Next() {
		got = append(got, text(stream.Current()))
	}
	if err := stream.Err(); err != nil {
		fmt.Println(name, "failed:", err)
		os.Exit(1)
	}
	fmt.Println(name, len(got), strings.Join(got, " "))
}
