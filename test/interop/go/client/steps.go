package main

import (
	"context"
	"encoding/base64"
	"errors"
	"iter"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient"
)

// facts are what a step learned, besides its name.
type facts map[string]any

type step struct {
	name string
	run  func(context.Context) (facts, error)
}

// session is a client and what its earlier steps left behind.
type session struct {
	client   *a2aclient.Client
	card     *a2a.AgentCard
	finished *a2a.Task
}

func (s *session) steps() []step {
	return []step{
		{"card", func(context.Context) (facts, error) {
			return facts{"name": s.card.Name, "streaming": s.card.Capabilities.Streaming}, nil
		}},
		{"send", s.send},
		{"get", s.get},
		{"message", s.message},
		{"poll", s.poll},
		{"stream", func(ctx context.Context) (facts, error) { return s.stream(ctx, "stream 3 20") }},
		{"stream message", func(ctx context.Context) (facts, error) { return s.stream(ctx, "message hi") }},
		{"subscribe", s.subscribe},
		{"cancel", s.cancel},
		{"input", s.input},
		{"fail", s.fail},
		{"file", func(ctx context.Context) (facts, error) { return s.parts(ctx, "file") }},
		{"data", func(ctx context.Context) (facts, error) { return s.parts(ctx, "data") }},
		{"list", s.list},
		{"not found", func(ctx context.Context) (facts, error) {
			_, err := s.client.GetTask(ctx, &a2a.GetTaskRequest{ID: "no-such-task"})
			return nil, err
		}},
		{"not cancelable", func(ctx context.Context) (facts, error) {
			_, err := s.client.CancelTask(ctx, &a2a.CancelTaskRequest{ID: s.finished.ID})
			return nil, err
		}},
		{"terminal", func(ctx context.Context) (facts, error) {
			_, err := s.task(ctx, request("echo again", s.finished, false))
			return nil, err
		}},
		{"extended card", func(ctx context.Context) (facts, error) {
			card, err := s.client.GetExtendedAgentCard(ctx, &a2a.GetExtendedAgentCardRequest{})
			if err != nil {
				return nil, err
			}
			return facts{"name": card.Name}, nil
		}},
	}
}

func (s *session) send(ctx context.Context) (facts, error) {
	task, err := s.task(ctx, request("echo hello", nil, false))
	if err != nil {
		return nil, err
	}
	s.finished = task
	return facts{"kind": "task", "state": stateOf(task.Status), "text": artifactText(task)}, nil
}

func (s *session) get(ctx context.Context) (facts, error) {
	task, err := s.client.GetTask(ctx, &a2a.GetTaskRequest{ID: s.finished.ID})
	if err != nil {
		return nil, err
	}
	same := task.ID == s.finished.ID
	return facts{"state": stateOf(task.Status), "text": artifactText(task), "same": same}, nil
}

func (s *session) message(ctx context.Context) (facts, error) {
	answer, err := s.client.SendMessage(ctx, request("message hi", nil, false))
	if err != nil {
		return nil, err
	}
	message, ok := answer.(*a2a.Message)
	if !ok {
		return facts{"kind": "task"}, nil
	}
	return facts{"kind": "message", "role": string(message.Role), "text": texts(message.Parts)}, nil
}

func (s *session) poll(ctx context.Context) (facts, error) {
	task, err := s.task(ctx, request("slow 300", nil, true))
	if err != nil {
		return nil, err
	}
	done, err := s.until(ctx, task.ID, a2a.TaskState.Terminal)
	if err != nil {
		return nil, err
	}
	return facts{"open": !task.Status.State.Terminal(), "state": stateOf(done.Status)}, nil
}

func (s *session) stream(ctx context.Context, text string) (facts, error) {
	return follow(s.client.SendStreamingMessage(ctx, request(text, nil, false)))
}

func (s *session) subscribe(ctx context.Context) (facts, error) {
	task, err := s.task(ctx, request("stream 10 100", nil, true))
	if err != nil {
		return nil, err
	}
	learned, err := follow(s.client.SubscribeToTask(ctx, &a2a.SubscribeToTaskRequest{ID: task.ID}))
	if err != nil {
		return nil, err
	}
	chunks := learned["chunks"].([]string)
	return facts{"first": learned["first"], "state": learned["state"], "last": chunks[len(chunks)-1]}, nil
}

func (s *session) cancel(ctx context.Context) (facts, error) {
	task, err := s.task(ctx, request("slow 60000", nil, true))
	if err != nil {
		return nil, err
	}
	working := func(state a2a.TaskState) bool { return state == a2a.TaskStateWorking }
	if _, err := s.until(ctx, task.ID, working); err != nil {
		return nil, err
	}
	canceled, err := s.client.CancelTask(ctx, &a2a.CancelTaskRequest{ID: task.ID})
	if err != nil {
		return nil, err
	}
	return facts{"state": stateOf(canceled.Status)}, nil
}

func (s *session) input(ctx context.Context) (facts, error) {
	asked, err := s.task(ctx, request("input", nil, false))
	if err != nil {
		return nil, err
	}
	done, err := s.task(ctx, request("blue", asked, false))
	if err != nil {
		return nil, err
	}
	return facts{
		"asked": stateOf(asked.Status), "state": stateOf(done.Status),
		"text": artifactText(done), "same": done.ID == asked.ID,
	}, nil
}

func (s *session) fail(ctx context.Context) (facts, error) {
	task, err := s.task(ctx, request("fail", nil, false))
	if err != nil {
		return nil, err
	}
	says := task.Status.Message != nil && texts(task.Status.Message.Parts) != ""
	return facts{"state": stateOf(task.Status), "says": says}, nil
}

func (s *session) parts(ctx context.Context, text string) (facts, error) {
	task, err := s.task(ctx, request(text, nil, false))
	if err != nil {
		return nil, err
	}
	parts := []facts{}
	for _, artifact := range task.Artifacts {
		for _, part := range artifact.Parts {
			parts = append(parts, partOf(part))
		}
	}
	return facts{"parts": parts}, nil
}

func (s *session) list(ctx context.Context) (facts, error) {
	// Without a size, this SDK asks over gRPC for pages of 0.
	request := &a2a.ListTasksRequest{ContextID: s.finished.ContextID, IncludeArtifacts: true, PageSize: 10}
	page, err := s.client.ListTasks(ctx, request)
	if err != nil {
		return nil, err
	}
	ids := []bool{}
	for _, task := range page.Tasks {
		ids = append(ids, task.ID == s.finished.ID)
	}
	return facts{"ids": ids, "total": page.TotalSize}, nil
}

// task sends a message that must be answered with a task.
func (s *session) task(ctx context.Context, request *a2a.SendMessageRequest) (*a2a.Task, error) {
	answer, err := s.client.SendMessage(ctx, request)
	if err != nil {
		return nil, err
	}
	task, ok := answer.(*a2a.Task)
	if !ok {
		return nil, errors.New("a task is expected")
	}
	return task, nil
}

func (s *session) until(ctx context.Context, id a2a.TaskID, isThere func(a2a.TaskState) bool) (*a2a.Task, error) {
	for {
		task, err := s.client.GetTask(ctx, &a2a.GetTaskRequest{ID: id})
		if err != nil || isThere(task.Status.State) {
			return task, err
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// follow learns how a stream begins, its chunks and its last state.
func follow(events iter.Seq2[a2a.Event, error]) (facts, error) {
	chunks := []string{}
	var first string
	var state any
	begin := func(kind string) {
		if first == "" {
			first = kind
		}
	}
	for event, err := range events {
		if err != nil {
			return nil, err
		}
		switch event := event.(type) {
		case *a2a.Message:
			begin("message")
			chunks = append(chunks, texts(event.Parts))
		case *a2a.Task:
			begin("task")
			state = stateOf(event.Status)
			for _, artifact := range event.Artifacts {
				chunks = append(chunks, texts(artifact.Parts))
			}
		case *a2a.TaskStatusUpdateEvent:
			begin("status_update")
			state = stateOf(event.Status)
		case *a2a.TaskArtifactUpdateEvent:
			begin("artifact_update")
			chunks = append(chunks, texts(event.Artifact.Parts))
		}
	}
	return facts{"first": first, "chunks": chunks, "state": state}, nil
}

func request(text string, on *a2a.Task, returnImmediately bool) *a2a.SendMessageRequest {
	message := a2a.NewMessage(a2a.MessageRoleUser, a2a.NewTextPart(text))
	if on != nil {
		message.TaskID, message.ContextID = on.ID, on.ContextID
	}
	return &a2a.SendMessageRequest{
		Message: message,
		Config:  &a2a.SendMessageConfig{ReturnImmediately: returnImmediately},
	}
}

func stateOf(status a2a.TaskStatus) string {
	name := strings.TrimPrefix(string(status.State), "TASK_STATE_")
	return strings.ReplaceAll(strings.ToLower(name), "_", "-")
}

func artifactText(task *a2a.Task) string {
	var text strings.Builder
	for _, artifact := range task.Artifacts {
		text.WriteString(texts(artifact.Parts))
	}
	return text.String()
}

func texts(parts a2a.ContentParts) string {
	var text strings.Builder
	for _, part := range parts {
		text.WriteString(part.Text())
	}
	return text.String()
}

// partOf is a part as every program of the suite prints it.
func partOf(part *a2a.Part) facts {
	file := facts{"filename": part.Filename, "mediaType": part.MediaType}
	switch content := part.Content.(type) {
	case a2a.Text:
		return facts{"text": string(content)}
	case a2a.Data:
		return facts{"data": content.Value}
	case a2a.Raw:
		file["raw"] = base64.StdEncoding.EncodeToString(content)
	case a2a.URL:
		file["url"] = string(content)
	}
	return file
}
