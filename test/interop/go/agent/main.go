// An agent on the official Go SDK over every binding it has, in A2A 1.0 and 0.3. Serves until it is ended.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"
	grpcv0 "github.com/a2aproject/a2a-go/v2/a2agrpc/v0"
	grpcv1 "github.com/a2aproject/a2a-go/v2/a2agrpc/v1"
	"github.com/a2aproject/a2a-go/v2/a2asrv"
	"github.com/a2aproject/a2a-go/v2/a2asrv/taskstore"
	"google.golang.org/grpc"
)

func main() {
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	calls, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	url := fmt.Sprintf("http://%s", web.Addr())
	card := cardOf(url, calls.Addr().String())
	// Everybody is the same user: a store without one lists nothing.
	anyone := func(context.Context) (string, error) { return "anyone", nil }
	store := taskstore.NewInMemory(&taskstore.InMemoryStoreConfig{Authenticator: anyone})
	handler := a2asrv.NewHandler(executor{}, a2asrv.WithTaskStore(store), a2asrv.WithCapabilityChecks(&card.Capabilities))

	server := grpc.NewServer()
	grpcv1.NewHandler(handler).RegisterWith(server)
	grpcv0.NewHandler(handler).RegisterWith(server)
	go func() { log.Fatal(server.Serve(calls)) }()

	routes := http.NewServeMux()
	routes.Handle("GET "+a2asrv.WellKnownAgentCardPath, a2asrv.NewAgentCardHandler(a2av0.NewStaticAgentCardProducer(card)))
	routes.Handle("POST /v1", a2asrv.NewJSONRPCHandler(handler))
	routes.Handle("POST /v0", a2av0.NewJSONRPCHandler(handler))
	// Its REST of 0.3 is not served: it has paths and JSON of its own instead of the specification's.
	routes.Handle("/rest/", http.StripPrefix("/rest", a2asrv.NewRESTHandler(handler)))
	ready := map[string]string{"event": "ready", "card": url + a2asrv.WellKnownAgentCardPath}
	if err := json.NewEncoder(os.Stdout).Encode(ready); err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(web, routes))
}

func cardOf(url, calls string) *a2a.AgentCard {
	place := func(url string, binding a2a.TransportProtocol, version a2a.ProtocolVersion) *a2a.AgentInterface {
		return &a2a.AgentInterface{URL: url, ProtocolBinding: binding, ProtocolVersion: version}
	}
	return &a2a.AgentCard{
		Name:        "Go stranger",
		Description: "An agent on the official Go SDK.",
		Version:     "1.0.0",
		SupportedInterfaces: []*a2a.AgentInterface{
			place(url+"/v1", a2a.TransportProtocolJSONRPC, a2a.Version),
			place(url+"/rest", a2a.TransportProtocolHTTPJSON, a2a.Version),
			place(calls, a2a.TransportProtocolGRPC, a2a.Version),
			place(url+"/v0", a2a.TransportProtocolJSONRPC, a2av0.Version),
			place(calls, a2a.TransportProtocolGRPC, a2av0.Version),
		},
		Capabilities:       a2a.AgentCapabilities{Streaming: true},
		DefaultInputModes:  []string{"text/plain"},
		DefaultOutputModes: []string{"text/plain"},
		Skills:             []a2a.AgentSkill{{ID: "echo", Name: "echo", Description: "Echoes.", Tags: []string{"test"}}},
	}
}
