package main

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2asrv"
)

// The first word of a message says what happens: echo, message, stream, input, slow, fail, file, data.
type executor struct{}

// emit hands an event over; what follows it is in vain where it returns false.
type emit func(a2a.Event) bool

func (executor) Execute(ctx context.Context, call *a2asrv.ExecutorContext) iter.Seq2[a2a.Event, error] {
	return func(yield func(a2a.Event, error) bool) {
		send := emit(func(event a2a.Event) bool { return yield(event, nil) })
		text := textOf(call.Message.Parts)
		word, rest, _ := strings.Cut(text, " ")
		if call.StoredTask != nil {
			send.artifact(call, a2a.NewTextPart("You said: "+text))
			return
		}
		if word == "message" {
			send(a2a.NewMessage(a2a.MessageRoleAgent, a2a.NewTextPart(rest)))
			return
		}
		if send(a2a.NewSubmittedTask(call, call.Message)) {
			send.run(ctx, call, word, rest)
		}
	}
}

func (executor) Cancel(_ context.Context, call *a2asrv.ExecutorContext) iter.Seq2[a2a.Event, error] {
	return func(yield func(a2a.Event, error) bool) {
		yield(a2a.NewStatusUpdateEvent(call, a2a.TaskStateCanceled, nil), nil)
	}
}

func (send emit) run(ctx context.Context, call *a2asrv.ExecutorContext, word, rest string) {
	switch word {
	case "stream":
		send.stream(ctx, call, rest)
	case "slow":
		if send.status(call, a2a.TaskStateWorking, "") && waits(ctx, rest) {
			send.status(call, a2a.TaskStateCompleted, "")
		}
	case "input":
		send.status(call, a2a.TaskStateInputRequired, "Which colour?")
	case "fail":
		send.status(call, a2a.TaskStateFailed, "This agent could not do that.")
	case "file":
		raw, url := a2a.NewRawPart([]byte("hello\n")), a2a.NewFileURLPart("https://example.com/hello.txt", "text/plain")
		raw.MediaType = "text/plain"
		raw.Filename, url.Filename = "hello.txt", "hello.txt"
		send.artifact(call, raw, url)
	case "data":
		send.artifact(call, a2a.NewDataPart(map[string]any{"colour": "blue", "sizes": []any{1, 2}}))
	default:
		send.artifact(call, a2a.NewTextPart(rest))
	}
}

func (send emit) stream(ctx context.Context, call *a2asrv.ExecutorContext, rest string) {
	words := strings.Fields(rest)
	count, _ := strconv.Atoi(words[0])
	if !send.status(call, a2a.TaskStateWorking, "") {
		return
	}
	for i := 1; i <= count; i++ {
		event := a2a.NewArtifactUpdateEvent(call, "result", a2a.NewTextPart(fmt.Sprintf("chunk %d ", i)))
		event.Append, event.LastChunk = i > 1, i == count
		if !send(event) || !waits(ctx, words[1]) {
			return
		}
	}
	send.status(call, a2a.TaskStateCompleted, "")
}

// artifact completes the task with one.
func (send emit) artifact(call *a2asrv.ExecutorContext, parts ...*a2a.Part) {
	if send(a2a.NewArtifactEvent(call, parts...)) {
		send.status(call, a2a.TaskStateCompleted, "")
	}
}

func (send emit) status(call *a2asrv.ExecutorContext, state a2a.TaskState, text string) bool {
	if text == "" {
		return send(a2a.NewStatusUpdateEvent(call, state, nil))
	}
	message := a2a.NewMessageForTask(a2a.MessageRoleAgent, call, a2a.NewTextPart(text))
	return send(a2a.NewStatusUpdateEvent(call, state, message))
}

// waits says whether the task is still wanted after that many milliseconds.
func waits(ctx context.Context, word string) bool {
	ms, _ := strconv.Atoi(word)
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Duration(ms) * time.Millisecond):
		return true
	}
}

func textOf(parts a2a.ContentParts) string {
	var text strings.Builder
	for _, part := range parts {
		text.WriteString(part.Text())
	}
	return text.String()
}
