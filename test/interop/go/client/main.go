// A client on the official Go SDK: runs every step against one agent and prints a JSON line for each.
//
//	client --url URL --key KEY --binding jsonrpc|rest|grpc --version 1.0|0.3
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"log"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient"
	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"
	grpcv0 "github.com/a2aproject/a2a-go/v2/a2agrpc/v0"
	grpcv1 "github.com/a2aproject/a2a-go/v2/a2agrpc/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const stepTimeout = 20 * time.Second

var bindings = map[string]a2a.TransportProtocol{
	"jsonrpc": a2a.TransportProtocolJSONRPC,
	"rest":    a2a.TransportProtocolHTTPJSON,
	"grpc":    a2a.TransportProtocolGRPC,
}

// names are the protocol's errors as every program of the suite prints them.
var names = map[error]string{
	a2a.ErrTaskNotFound:         "TaskNotFound",
	a2a.ErrTaskNotCancelable:    "TaskNotCancelable",
	a2a.ErrUnsupportedOperation: "UnsupportedOperation",
	a2a.ErrInvalidParams:        "InvalidParams",
	a2a.ErrInvalidRequest:       "InvalidRequest",
	a2a.ErrMethodNotFound:       "MethodNotFound",
	a2a.ErrInternalError:        "Internal",
	a2a.ErrUnauthenticated:      "Unauthenticated",
	a2a.ErrVersionNotSupported:  "VersionNotSupported",
}

// oneKey answers with the same key for whichever scheme the card asks for.
type oneKey string

func (key oneKey) Get(context.Context, a2aclient.SessionID, a2a.SecuritySchemeName) (a2aclient.AuthCredential, error) {
	return a2aclient.AuthCredential(key), nil
}

func main() {
	base := flag.String("url", "", "the agent")
	key := flag.String("key", "", "the key")
	binding := flag.String("binding", "", "jsonrpc, rest or grpc")
	version := flag.String("version", "", "1.0 or 0.3")
	flag.Parse()

	ctx := a2aclient.AttachSessionID(context.Background(), "session")
	card, err := fetchCard(ctx, *base, *key)
	if err != nil {
		log.Fatal(err)
	}
	only(card, bindings[*binding], a2a.ProtocolVersion(*version))
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	client, err := a2aclient.NewFromCard(ctx, card,
		a2av0.WithJSONRPCTransport(a2av0.JSONRPCTransportConfig{}),
		grpcv0.WithGRPCTransport(plain),
		grpcv1.WithGRPCTransport(plain),
		a2aclient.WithCallInterceptors(&a2aclient.AuthInterceptor{Service: oneKey(*key)}),
	)
	if err != nil {
		log.Fatal(err)
	}
	run(ctx, &session{client: client, card: card})
}

// only leaves the one interface that is to be tried, as if the agent had no other.
func only(card *a2a.AgentCard, binding a2a.TransportProtocol, version a2a.ProtocolVersion) {
	var chosen []*a2a.AgentInterface
	for _, each := range card.SupportedInterfaces {
		if each.ProtocolBinding == binding && strings.HasPrefix(string(each.ProtocolVersion), string(version)) {
			chosen = append(chosen, each)
		}
	}
	card.SupportedInterfaces = chosen
}

func run(ctx context.Context, session *session) {
	out := json.NewEncoder(os.Stdout)
	for _, step := range session.steps() {
		bounded, cancel := context.WithTimeout(ctx, stepTimeout)
		line := facts{"step": step.name}
		learned, err := step.run(bounded)
		cancel()
		if err != nil {
			line["error"], line["detail"] = nameOf(err), err.Error()
		} else {
			maps.Copy(line, learned)
		}
		if err := out.Encode(line); err != nil {
			log.Fatal(err)
		}
	}
}

func nameOf(err error) string {
	for known, name := range names {
		if errors.Is(err, known) {
			return name
		}
	}
	return "untyped"
}
