// A conversation by the official Go SDK over a WebSocket:
//
//	websocket responses|realtime
//
// Prints every event as it came, one a line; those of streams beside each other by stream.
package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"log"
	"os"
	"slices"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/realtime"
	"github.com/openai/openai-go/v3/responses"
)

const model = "gpt-4o-mini"

var (
	ctx    = context.Background()
	client = openai.NewClient(option.WithMaxRetries(0))
	ends   = []string{"response.completed", "response.incomplete", "response.done", "error"}
)

func main() {
	if os.Args[1] == "responses" {
		speakResponses()
	} else {
		speakRealtime()
	}
}

func speakResponses() {
	connection, err := client.Responses.Connect(ctx, responses.ResponseConnectionOptions{})
	must(err)
	create := func(event responses.ResponsesClientEventResponseCreateParam, input string) {
		event.Model = model
		event.Input = responses.ResponsesClientEventResponseCreateInputUnionParam{OfString: openai.String(input)}
		must(connection.Create(ctx, event))
	}
	listen := func(next func(context.Context) (responses.ResponsesServerEventUnion, error)) string {
		for {
			event, err := next(ctx)
			must(err)
			fmt.Println(event.RawJSON())
			if slices.Contains(ends, event.Type) {
				return event.AsResponseCompleted().Response.ID
			}
		}
	}
	create(responses.ResponsesClientEventResponseCreateParam{}, "first")
	first := listen(connection.Recv)
	create(responses.ResponsesClientEventResponseCreateParam{PreviousResponseID: openai.String(first)}, "second")
	listen(connection.Recv)
	var lanes []*responses.ResponseLane
	for _, name := range []string{"one", "two", "three"} {
		lane, err := connection.Lane(name)
		must(err)
		lanes = append(lanes, lane)
		create(responses.ResponsesClientEventResponseCreateParam{StreamID: openai.String(name)}, name)
	}
	for _, lane := range lanes {
		listen(lane.Recv)
	}
	must(connection.Close())
}

func speakRealtime() {
	connection, err := client.Realtime.Connect(ctx, realtime.RealtimeConnectionOptions{}, option.WithQuery("model", "gpt-realtime"))
	must(err)
	send := func(event string) { must(connection.SendRaw(ctx, []byte(event))) }
	listen := func(kinds ...string) {
		for {
			event, err := connection.Recv(ctx)
			must(err)
			fmt.Println(event.RawJSON())
			if slices.Contains(kinds, event.Type) {
				return
			}
		}
	}
	listen("session.created")
	audio := make([]byte, 25600)
	for at := range audio {
		audio[at] = byte(at)
	}
	for _, modality := range []string{"text", "audio"} {
		send(fmt.Sprintf(`{"type":"session.update","session":{"type":"realtime","output_modalities":[%q]}}`, modality))
		for piece := range slices.Chunk(audio, 4000) {
			send(fmt.Sprintf(`{"type":"input_audio_buffer.append","audio":%q}`, base64.StdEncoding.EncodeToString(piece)))
		}
		send(`{"type":"input_audio_buffer.commit"}`)
		send(`{"type":"response.create"}`)
		listen(ends...)
	}
	send(`{"type":"response.create"}`)
	listen("response.output_audio.delta")
	send(`{"type":"response.cancel"}`)
	listen(ends...)
	must(connection.Close())
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
