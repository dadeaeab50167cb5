package parley.interop;

import io.a2a.server.agentexecution.AgentExecutor;
import io.a2a.server.agentexecution.RequestContext;
import io.a2a.server.events.EventQueue;
import io.a2a.server.tasks.TaskUpdater;
import io.a2a.spec.DataPart;
import io.a2a.spec.FilePart;
import io.a2a.spec.FileWithBytes;
import io.a2a.spec.FileWithUri;
import io.a2a.spec.Message;
import io.a2a.spec.Task;
import io.a2a.spec.TaskState;
import io.a2a.spec.TaskStatus;
import io.a2a.spec.TextPart;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The first word of a message says what happens: echo, message, stream, input, slow, fail, file, data. */
class Executor implements AgentExecutor {
  private final Set<String> canceled = ConcurrentHashMap.newKeySet();

  @Override
  public void execute(RequestContext context, EventQueue queue) {
    String text = context.getUserInput(" ");
    String[] words = text.split(" ", 2);
    String rest = words.length > 1 ? words[1] : "";
    if (words[0].equals("message") && context.getTask() == null) {
      queue.enqueueEvent(new Message.Builder()
          .role(Message.Role.AGENT)
          .contextId(context.getContextId())
          .parts(new TextPart(rest))
          .build());
      return;
    }
    TaskUpdater updater = new TaskUpdater(context, queue);
    if (context.getTask() != null) {
      updater.addArtifact(List.of(new TextPart("You said: " + text)));
      updater.complete();
      return;
    }
    queue.enqueueEvent(new Task.Builder()
        .id(context.getTaskId())
        .contextId(context.getContextId())
        .status(new TaskStatus(TaskState.SUBMITTED))
        .history(context.getMessage())
        .build());
    run(words[0], rest, updater);
  }

  @Override
  public void cancel(RequestContext context, EventQueue queue) {
    canceled.add(context.getTaskId());
    new TaskUpdater(context, queue).cancel();
  }

  private void run(String word, String rest, TaskUpdater updater) {
    switch (word) {
      case "stream" -> stream(rest, updater);
      case "slow" -> {
        updater.startWork();
        if (waits(Integer.parseInt(rest), updater)) updater.complete();
      }
      case "input" -> updater.requiresInput(says("Which colour?", updater), true);
      case "fail" -> updater.fail(says("This agent could not do that.", updater));
      case "file" -> {
        updater.addArtifact(List.of(
            new FilePart(new FileWithBytes("text/plain", "hello.txt", "aGVsbG8K")),
            new FilePart(new FileWithUri("text/plain", "hello.txt", "https://example.com/hello.txt"))));
        updater.complete();
      }
      case "data" -> {
        updater.addArtifact(List.of(new DataPart(Map.of("colour", "blue", "sizes", List.of(1, 2)))));
        updater.complete();
      }
      default -> {
        updater.addArtifact(List.of(new TextPart(rest)));
        updater.complete();
      }
    }
  }

  private void stream(String rest, TaskUpdater updater) {
    String[] numbers = rest.split(" ");
    int count = Integer.parseInt(numbers[0]);
    updater.startWork();
    for (int i = 1; i <= count; i++) {
      updater.addArtifact(List.of(new TextPart("chunk " + i + " ")), "result", "result", null, i > 1, i == count);
      if (!waits(Integer.parseInt(numbers[1]), updater)) return;
    }
    updater.complete();
  }

  private static Message says(String text, TaskUpdater updater) {
    return updater.newAgentMessage(List.of(new TextPart(text)), null);
  }

  /** Whether the task is still wanted after that time. */
  private boolean waits(int ms, TaskUpdater updater) {
    for (int passed = 0; passed < ms; passed += 10) {
      if (canceled.contains(updater.getTaskId())) return false;
      try {
        Thread.sleep(10);
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }
}
