package parley.interop;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.a2a.client.config.ClientConfig;
import io.a2a.client.http.A2ACardResolver;
import io.a2a.client.http.JdkA2AHttpClient;
import io.a2a.client.transport.jsonrpc.JSONRPCTransport;
import io.a2a.client.transport.jsonrpc.JSONRPCTransportConfigBuilder;
import io.a2a.client.transport.rest.RestTransport;
import io.a2a.client.transport.rest.RestTransportConfigBuilder;
import io.a2a.client.transport.spi.interceptors.auth.AuthInterceptor;
import io.a2a.spec.A2AClientException;
import io.a2a.spec.A2AError;
import io.a2a.spec.AgentCard;
import java.net.URI;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * A client on the Java SDK, 1.0.0.Alpha3: runs every step against one agent and prints a JSON line for each.
 *
 * <p>Arguments: {@code --url URL --key KEY --binding jsonrpc|rest --version 1.0}
 */
public class Client {
  private static final int STEP_TIMEOUT_S = 20;
  private static final Gson JSON = new GsonBuilder().serializeNulls().create();

  public static void main(String... arguments) throws Exception {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i + 1 < arguments.length; i += 2) options.put(arguments[i].substring(2), arguments[i + 1]);
    AgentCard card = card(options.get("url"), options.get("key"));
    ExecutorService thread = Executors.newCachedThreadPool(runnable -> {
      Thread daemon = new Thread(runnable);
      daemon.setDaemon(true);
      return daemon;
    });
    Steps steps = new Steps(card, create(card, options, false), create(card, options, true));
    for (Map.Entry<String, Callable<Map<String, Object>>> step : steps.all().entrySet()) {
      Map<String, Object> line = new LinkedHashMap<>(Map.of("step", step.getKey()));
      try {
        line.putAll(thread.submit(step.getValue()).get(STEP_TIMEOUT_S, TimeUnit.SECONDS));
      } catch (ExecutionException failed) {
        line.put("error", nameOf(failed.getCause()));
        line.put("detail", String.valueOf(failed.getCause()));
      } catch (Exception other) {
        line.put("error", other.getClass().getSimpleName());
      }
      System.out.println(JSON.toJson(line));
    }
    System.exit(0);
  }

  private static AgentCard card(String url, String key) throws Exception {
    String path = URI.create(url).getPath().replaceAll("/$", "") + "/.well-known/agent-card.json";
    return new A2ACardResolver(new JdkA2AHttpClient(), url, null, path, Map.of("Authorization", "Bearer " + key))
        .getAgentCard();
  }

  private static io.a2a.client.Client create(
      AgentCard card, Map<String, String> options, boolean streaming) throws A2AClientException {
    ClientConfig config = new ClientConfig.Builder()
        .setStreaming(streaming)
        .setUseClientPreference(true)
        .build();
    AuthInterceptor key = new AuthInterceptor((scheme, context) -> options.get("key"));
    io.a2a.client.ClientBuilder builder = io.a2a.client.Client.builder(card).clientConfig(config);
    if (options.get("binding").equals("jsonrpc")) {
      builder.withTransport(JSONRPCTransport.class, new JSONRPCTransportConfigBuilder().addInterceptor(key));
    } else {
      builder.withTransport(RestTransport.class, new RestTransportConfigBuilder().addInterceptor(key));
    }
    return builder.build();
  }

  /** The name of the protocol's error this SDK made of an answer, or its own exception's where it made none. */
  private static String nameOf(Throwable reason) {
    for (Throwable each = reason; each != null; each = each.getCause()) {
      if (each instanceof A2AError error) {
        String name = error.getClass().getSimpleName();
        return name.equals("A2AError") ? "A2A " + error.getCode() : name.replaceAll("Error$", "");
      }
    }
    return reason.getClass().getSimpleName();
  }
}
