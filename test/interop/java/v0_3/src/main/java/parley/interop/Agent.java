package parley.interop;

import io.a2a.server.PublicAgentCard;
import io.a2a.server.agentexecution.AgentExecutor;
import io.a2a.spec.AgentCapabilities;
import io.a2a.spec.AgentCard;
import io.a2a.spec.AgentInterface;
import io.a2a.spec.AgentSkill;
import io.quarkus.runtime.Quarkus;
import io.quarkus.runtime.annotations.QuarkusMain;
import io.quarkus.vertx.http.HttpServerStart;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.enterprise.inject.Produces;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;

/** An agent on the Java SDK, 0.3, over every binding it has. Serves until it is ended. */
@QuarkusMain
public class Agent {
  public static void main(String... arguments) throws IOException {
    System.setProperty("quarkus.http.host", "127.0.0.1");
    System.setProperty("quarkus.http.port", Integer.toString(freePort()));
    Quarkus.run(arguments);
  }

  /** The card must name the port before the server listens. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String address() {
    return "127.0.0.1:" + System.getProperty("quarkus.http.port");
  }

  @ApplicationScoped
  public static class Parts {
    @Produces
    @PublicAgentCard
    public AgentCard card() {
      String url = "http://" + address();
      return new AgentCard.Builder()
          .name("Java stranger 0.3")
          .description("An agent on the Java SDK.")
          .version("1.0.0")
          .protocolVersion("0.3.0")
          .url(url)
          .preferredTransport("JSONRPC")
          .additionalInterfaces(List.of(
              new AgentInterface("JSONRPC", url),
              new AgentInterface("HTTP+JSON", url),
              new AgentInterface("GRPC", address())))
          .capabilities(new AgentCapabilities.Builder().streaming(true).build())
          .defaultInputModes(List.of("text/plain"))
          .defaultOutputModes(List.of("text/plain"))
          .skills(List.of(new AgentSkill.Builder()
              .id("echo")
              .name("echo")
              .description("Echoes.")
              .tags(List.of("test"))
              .build()))
          .build();
    }

    @Produces
    public AgentExecutor executor() {
      return new Executor();
    }

    void ready(@ObservesAsync HttpServerStart event) {
      System.out.println("{\"event\":\"ready\",\"card\":\"http://" + address() + "/.well-known/agent-card.json\"}");
    }
  }
}
