package main

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/a2aproject/a2a-go/v2/a2a"
	"github.com/a2aproject/a2a-go/v2/a2aclient/agentcard"
	"github.com/a2aproject/a2a-go/v2/a2acompat/a2av0"
)

func fetchCard(ctx context.Context, base, key string) (*a2a.AgentCard, error) {
	where, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	resolver := agentcard.Resolver{CardParser: parseCard}
	return resolver.Resolve(ctx, where.Scheme+"://"+where.Host,
		agentcard.WithPath(strings.TrimSuffix(where.Path, "/")+"/.well-known/agent-card.json"),
		agentcard.WithRequestHeader("Authorization", "Bearer "+key))
}

// parseCard reads a card of either version.
//
// In 1.0 the scopes of a required scheme are an object with a list. This SDK, as of 2.3.1, writes and reads the bare list
// and refuses every card that is as specified, so the lists are laid bare before it looks.
func parseCard(text []byte) (*a2a.AgentCard, error) {
	var card map[string]any
	if err := json.Unmarshal(text, &card); err != nil {
		return nil, err
	}
	bareScopes(card)
	bared, err := json.Marshal(card)
	if err != nil {
		return nil, err
	}
	return a2av0.NewAgentCardParser()(bared)
}

func bareScopes(card map[string]any) {
	requirements, _ := card["securityRequirements"].([]any)
	for _, requirement := range requirements {
		schemes, _ := requirement.(map[string]any)["schemes"].(map[string]any)
		for name, scopes := range schemes {
			if object, ok := scopes.(map[string]any); ok {
				schemes[name] = object["list"]
			}
		}
	}
}
