package parley.interop;

import io.a2a.client.ClientEvent;
import io.a2a.client.MessageEvent;
import io.a2a.client.TaskEvent;
import io.a2a.client.TaskUpdateEvent;
import io.a2a.jsonrpc.common.wrappers.ListTasksResult;
import io.a2a.spec.A2AClientException;
import io.a2a.spec.AgentCard;
import io.a2a.spec.Artifact;
import io.a2a.spec.DataPart;
import io.a2a.spec.FilePart;
import io.a2a.spec.FileWithBytes;
import io.a2a.spec.FileWithUri;
import io.a2a.spec.ListTasksParams;
import io.a2a.spec.Message;
import io.a2a.spec.Part;
import io.a2a.spec.Task;
import io.a2a.spec.TaskArtifactUpdateEvent;
import io.a2a.spec.TaskIdParams;
import io.a2a.spec.TaskQueryParams;
import io.a2a.spec.TaskState;
import io.a2a.spec.TaskStatusUpdateEvent;
import io.a2a.spec.TextPart;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/** What a client does, in order, and the facts it learns. */
class Steps {
  private final AgentCard card;
  private final io.a2a.client.Client blocking;
  private final io.a2a.client.Client streaming;
  private Task finished;

  Steps(AgentCard card, io.a2a.client.Client blocking, io.a2a.client.Client streaming) {
    this.card = card;
    this.blocking = blocking;
    this.streaming = streaming;
  }

  Map<String, Callable<Map<String, Object>>> all() {
    Map<String, Callable<Map<String, Object>>> steps = new LinkedHashMap<>();
    steps.put("card", () -> Map.of("name", card.name(), "streaming", card.capabilities().streaming()));
    steps.put("send", this::send);
    steps.put("get", this::get);
    steps.put("message", this::message);
    steps.put("poll", this::poll);
    steps.put("stream", () -> follow(streamed("stream 3 20")));
    steps.put("stream message", () -> follow(streamed("message hi")));
    steps.put("subscribe", this::subscribe);
    steps.put("cancel", this::cancel);
    steps.put("input", this::input);
    steps.put("fail", this::fail);
    steps.put("file", () -> parts("file"));
    steps.put("data", () -> parts("data"));
    steps.put("list", this::list);
    steps.put("not found", () -> of(blocking.getTask(new TaskQueryParams("no-such-task"))));
    steps.put("not cancelable", () -> of(blocking.cancelTask(new TaskIdParams(finished.id()))));
    steps.put("terminal", () -> of(task(blocking, user("echo again", finished))));
    steps.put("extended card", () -> Map.of("name", blocking.getExtendedAgentCard().name()));
    return steps;
  }

  private Map<String, Object> send() throws Exception {
    finished = task(blocking, user("echo hello", null));
    return Map.of("kind", "task", "state", stateOf(finished), "text", artifactText(finished));
  }

  private Map<String, Object> get() throws A2AClientException {
    Task task = blocking.getTask(new TaskQueryParams(finished.id()));
    return Map.of("state", stateOf(task), "text", artifactText(task), "same", task.id().equals(finished.id()));
  }

  private Map<String, Object> message() throws Exception {
    MessageEvent event = (MessageEvent) answer(blocking, user("message hi", null));
    Message message = event.getMessage();
    return Map.of("kind", "message", "role", message.role().name(), "text", texts(message.parts()));
  }

  private Map<String, Object> poll() throws Exception {
    Task task = begun("slow 300");
    Task done = until(task.id(), true);
    return Map.of("open", !task.status().state().isFinal(), "state", stateOf(done));
  }

  private Map<String, Object> subscribe() throws Exception {
    Task task = begun("stream 10 100");
    Map<String, Object> facts = follow((events, errors) ->
        streaming.subscribeToTask(new TaskIdParams(task.id()), List.of(events), errors));
    List<?> chunks = (List<?>) facts.get("chunks");
    Map<String, Object> said = new HashMap<>(facts);
    said.remove("chunks");
    said.put("last", chunks.get(chunks.size() - 1));
    return said;
  }

  private Map<String, Object> cancel() throws Exception {
    Task task = begun("slow 60000");
    until(task.id(), false);
    return of(blocking.cancelTask(new TaskIdParams(task.id())));
  }

  private Map<String, Object> input() throws Exception {
    Task asked = task(blocking, user("input", null));
    Task done = task(blocking, user("blue", asked));
    return Map.of("asked", stateOf(asked), "state", stateOf(done), "text", artifactText(done),
        "same", done.id().equals(asked.id()));
  }

  private Map<String, Object> fail() throws Exception {
    Task task = task(blocking, user("fail", null));
    Message message = task.status().message();
    return Map.of("state", stateOf(task), "says", message != null && !texts(message.parts()).isEmpty());
  }

  private Map<String, Object> list() throws A2AClientException {
    // It holds a page that is not full for a mistake.
    ListTasksParams one = ListTasksParams.builder()
        .contextId(finished.contextId())
        .pageSize(1)
        .includeArtifacts(true)
        .build();
    ListTasksResult page = blocking.listTasks(one);
    List<Boolean> ids = page.tasks().stream().map(task -> task.id().equals(finished.id())).toList();
    return Map.of("ids", ids, "total", page.totalSize());
  }

  private Map<String, Object> parts(String text) throws Exception {
    List<Object> parts = new ArrayList<>();
    for (Artifact artifact : task(blocking, user(text, null)).artifacts()) {
      for (Part<?> part : artifact.parts()) parts.add(partOf(part));
    }
    return Map.of("parts", parts);
  }

  private interface Opening {
    void open(BiConsumer<ClientEvent, AgentCard> events, Consumer<Throwable> errors) throws A2AClientException;
  }

  private Opening streamed(String text) {
    return (events, errors) -> streaming.sendMessage(user(text, null), List.of(events), errors);
  }

  /** The facts of a stream: how it begins, its chunks and its states, until it is over. */
  private static Map<String, Object> follow(Opening opening) throws Exception {
    Map<String, Object> facts = new HashMap<>();
    List<String> chunks = new ArrayList<>();
    facts.put("chunks", chunks);
    facts.put("state", null);
    CompletableFuture<Void> over = new CompletableFuture<>();
    opening.open((event, of) -> {
      if (event instanceof MessageEvent message) {
        facts.putIfAbsent("first", "message");
        chunks.add(texts(message.getMessage().parts()));
        over.complete(null);
      } else if (event instanceof TaskEvent task) {
        facts.putIfAbsent("first", "task");
        facts.put("state", stateOf(task.getTask()));
        for (Artifact artifact : task.getTask().artifacts()) chunks.add(texts(artifact.parts()));
      } else if (event instanceof TaskUpdateEvent update) {
        if (update.getUpdateEvent() instanceof TaskArtifactUpdateEvent artifact) {
          facts.putIfAbsent("first", "artifact_update");
          chunks.add(texts(artifact.artifact().parts()));
        } else if (update.getUpdateEvent() instanceof TaskStatusUpdateEvent status) {
          facts.putIfAbsent("first", "status_update");
          facts.put("state", wordOf(status.status().state()));
          if (status.status().state().isFinal()) over.complete(null);
        }
      }
    }, reason -> {
      // Also called without a reason, when the server has closed the stream.
      if (reason == null) over.complete(null);
      else over.completeExceptionally(reason);
    });
    over.get();
    return facts;
  }

  /**
   * The task of a message that nobody waits for. This SDK cannot ask for that as 1.0 has it: it says {@code blocking}, and
   * not {@code returnImmediately}. So the task is taken from a stream's beginning.
   */
  private Task begun(String text) throws Exception {
    CompletableFuture<Task> task = new CompletableFuture<>();
    streaming.sendMessage(user(text, null), List.of((event, of) -> {
      if (event instanceof TaskEvent first) task.complete(first.getTask());
    }), task::completeExceptionally);
    return task.get();
  }

  private Task until(String id, boolean isFinal) throws Exception {
    while (true) {
      Task task = blocking.getTask(new TaskQueryParams(id));
      TaskState state = task.status().state();
      if (isFinal ? state.isFinal() : state == TaskState.TASK_STATE_WORKING) return task;
      Thread.sleep(50);
    }
  }

  private static Task task(io.a2a.client.Client client, Message message) throws Exception {
    return ((TaskEvent) answer(client, message)).getTask();
  }

  private static ClientEvent answer(io.a2a.client.Client client, Message message) throws Exception {
    CompletableFuture<ClientEvent> answer = new CompletableFuture<>();
    client.sendMessage(message, List.of((event, of) -> answer.complete(event)), answer::completeExceptionally);
    return answer.get();
  }

  private static Message user(String text, Task onTask) {
    Message.Builder builder = Message.builder().role(Message.Role.ROLE_USER).parts(new TextPart(text));
    if (onTask != null) builder.taskId(onTask.id()).contextId(onTask.contextId());
    return builder.build();
  }

  private static Map<String, Object> of(Task task) {
    return Map.of("state", stateOf(task));
  }

  private static String stateOf(Task task) {
    return wordOf(task.status().state());
  }

  private static String wordOf(TaskState state) {
    return state.name().replace("TASK_STATE_", "").toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static String artifactText(Task task) {
    StringBuilder text = new StringBuilder();
    for (Artifact artifact : task.artifacts()) text.append(texts(artifact.parts()));
    return text.toString();
  }

  private static String texts(List<Part<?>> parts) {
    StringBuilder text = new StringBuilder();
    for (Part<?> part : parts) if (part instanceof TextPart each) text.append(each.text());
    return text.toString();
  }

  /** A part as every program of the suite prints it. */
  private static Map<String, Object> partOf(Part<?> part) {
    Map<String, Object> said = new HashMap<>();
    if (part instanceof TextPart text) said.put("text", text.text());
    if (part instanceof DataPart data) said.put("data", data.data());
    if (part instanceof FilePart file) {
      said.put("filename", file.file().name());
      said.put("mediaType", file.file().mimeType());
      if (file.file() instanceof FileWithBytes bytes) said.put("raw", bytes.bytes());
      if (file.file() instanceof FileWithUri uri) said.put("url", uri.uri());
    }
    return said;
  }
}
