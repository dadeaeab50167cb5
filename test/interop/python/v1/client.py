"""A client on the official Python SDK, 1.x: runs every step against one agent and prints a JSON line for each.

    client.py --url URL --key KEY --binding jsonrpc|rest|grpc --version 1.0|0.3
"""

import argparse
import asyncio
import base64
import json
import uuid

from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.auth import AuthInterceptor, CredentialService
from a2a.types.a2a_pb2 import (
    AgentCard,
    CancelTaskRequest,
    GetExtendedAgentCardRequest,
    GetTaskRequest,
    ListTasksRequest,
    Message,
    Part,
    Role,
    SendMessageConfiguration,
    SendMessageRequest,
    SubscribeToTaskRequest,
    Task,
    TaskState,
)
from google.protobuf.json_format import MessageToDict
import grpc
import httpx

BINDINGS = {'jsonrpc': 'JSONRPC', 'rest': 'HTTP+JSON', 'grpc': 'GRPC'}
STEP_TIMEOUT_S = 20
TERMINAL = {'completed', 'failed', 'canceled', 'rejected'}


class OneKey(CredentialService):
    """The same key for whichever scheme the card asks for."""

    def __init__(self, key):
        self.key = key

    async def get_credentials(self, security_scheme_name, context):
        return self.key


def state_of(status):
    return TaskState.Name(status.state).removeprefix('TASK_STATE_').lower().replace('_', '-')


def part_of(part):
    """A part as every program of the suite prints it."""
    kind = part.WhichOneof('content')
    if kind == 'text':
        return {'text': part.text}
    if kind == 'data':
        return {'data': MessageToDict(part.data)}
    file = {'filename': part.filename, 'mediaType': part.media_type}
    if kind == 'raw':
        return {'raw': base64.b64encode(part.raw).decode(), **file}
    return {'url': part.url, **file}


def texts(parts):
    return ''.join(part.text for part in parts)


def artifact_text(task):
    return ''.join(texts(artifact.parts) for artifact in task.artifacts)


def error_of(reason):
    """The protocol's error by name; this SDK has a class for each."""
    return type(reason).__name__.removesuffix('Error') or 'Error'


class Steps:
    def __init__(self, card, blocking, streaming):
        self.card = card
        self.blocking = blocking
        self.streaming = streaming
        self.finished = None

    def request(self, text, return_immediately=False, **message):
        return SendMessageRequest(
            message=Message(
                message_id=str(uuid.uuid4()), role=Role.ROLE_USER, parts=[Part(text=text)], **message
            ),
            configuration=SendMessageConfiguration(return_immediately=return_immediately),
        )

    async def send(self, text, **more):
        """What a send without streaming is answered with: a task or a message."""
        async for event in self.blocking.send_message(self.request(text, **more)):
            return event.task if event.HasField('task') else event.message
        raise AssertionError('the send had no answer')

    async def until(self, task_id, is_there):
        while True:
            task = await self.blocking.get_task(GetTaskRequest(id=task_id))
            if is_there(state_of(task.status)):
                return task
            await asyncio.sleep(0.05)

    async def follow(self, events):
        """The facts of a stream: how it begins, its chunks and its states."""
        facts = {'first': None, 'chunks': [], 'states': []}
        async for event in events:
            kind = event.WhichOneof('payload')
            facts['first'] = facts['first'] or kind
            if kind == 'task':
                facts['states'].append(state_of(event.task.status))
                facts['chunks'] += [texts(artifact.parts) for artifact in event.task.artifacts]
            if kind == 'status_update':
                facts['states'].append(state_of(event.status_update.status))
            if kind == 'artifact_update':
                facts['chunks'].append(texts(event.artifact_update.artifact.parts))
            if kind == 'message':
                facts['chunks'].append(texts(event.message.parts))
        return {
            'first': facts['first'],
            'chunks': facts['chunks'],
            'state': facts['states'][-1] if facts['states'] else None,
        }

    async def step_card(self):
        return {'name': self.card.name, 'streaming': self.card.capabilities.streaming}

    async def step_send(self):
        task = self.finished = await self.send('echo hello')
        return {
            'kind': 'task' if isinstance(task, Task) else 'message',
            'state': state_of(task.status),
            'text': artifact_text(task),
        }

    async def step_get(self):
        task = await self.blocking.get_task(GetTaskRequest(id=self.finished.id))
        return {'state': state_of(task.status), 'text': artifact_text(task), 'same': task.id == self.finished.id}

    async def step_message(self):
        message = await self.send('message hi')
        return {
            'kind': 'message' if isinstance(message, Message) else 'task',
            'role': Role.Name(message.role),
            'text': texts(message.parts),
        }

    async def step_poll(self):
        task = await self.send('slow 300', return_immediately=True)
        first = state_of(task.status)
        done = await self.until(task.id, lambda state: state in TERMINAL)
        return {'open': first not in TERMINAL, 'state': state_of(done.status)}

    async def step_stream(self):
        return await self.follow(self.streaming.send_message(self.request('stream 3 20')))

    async def step_stream_message(self):
        return await self.follow(self.streaming.send_message(self.request('message hi')))

    async def step_subscribe(self):
        task = await self.send('stream 10 100', return_immediately=True)
        facts = await self.follow(self.streaming.subscribe(SubscribeToTaskRequest(id=task.id)))
        return {'first': facts['first'], 'state': facts['state'], 'last': facts['chunks'][-1]}

    async def step_cancel(self):
        task = await self.send('slow 60000', return_immediately=True)
        await self.until(task.id, lambda state: state == 'working')
        canceled = await self.blocking.cancel_task(CancelTaskRequest(id=task.id))
        return {'state': state_of(canceled.status)}

    async def step_input(self):
        asked = await self.send('input')
        done = await self.send('blue', task_id=asked.id, context_id=asked.context_id)
        return {
            'asked': state_of(asked.status),
            'state': state_of(done.status),
            'text': artifact_text(done),
            'same': done.id == asked.id,
        }

    async def step_fail(self):
        task = await self.send('fail')
        return {'state': state_of(task.status), 'says': texts(task.status.message.parts) != ''}

    async def step_file(self):
        task = await self.send('file')
        return {'parts': [part_of(part) for artifact in task.artifacts for part in artifact.parts]}

    async def step_data(self):
        task = await self.send('data')
        return {'parts': [part_of(part) for artifact in task.artifacts for part in artifact.parts]}

    async def step_list(self):
        request = ListTasksRequest(context_id=self.finished.context_id, include_artifacts=True)
        page = await self.blocking.list_tasks(request)
        return {'ids': [task.id == self.finished.id for task in page.tasks], 'total': page.total_size}

    async def step_not_found(self):
        await self.blocking.get_task(GetTaskRequest(id='no-such-task'))

    async def step_not_cancelable(self):
        await self.blocking.cancel_task(CancelTaskRequest(id=self.finished.id))

    async def step_terminal(self):
        await self.send('echo again', task_id=self.finished.id, context_id=self.finished.context_id)

    async def step_extended_card(self):
        card = await self.blocking.get_extended_agent_card(GetExtendedAgentCardRequest())
        return {'name': card.name}


async def run(steps):
    for name, step in vars(Steps).items():
        if not name.startswith('step_'):
            continue
        line = {'step': name.removeprefix('step_').replace('_', ' ')}
        try:
            line |= await asyncio.wait_for(step(steps), STEP_TIMEOUT_S) or {}
        except Exception as reason:
            line |= {'error': error_of(reason), 'detail': str(reason)}
        print(json.dumps(line), flush=True)


def only(card, binding, version):
    """The card with the one interface that is to be tried, as if the agent had no other."""
    chosen = AgentCard()
    chosen.CopyFrom(card)
    del chosen.supported_interfaces[:]
    chosen.supported_interfaces.extend(
        each
        for each in card.supported_interfaces
        if each.protocol_binding == BINDINGS[binding] and each.protocol_version.startswith(version)
    )
    return chosen


async def main():
    arguments = argparse.ArgumentParser()
    for name in ('url', 'key', 'binding', 'version'):
        arguments.add_argument(f'--{name}', required=True)
    options = arguments.parse_args()
    async with httpx.AsyncClient(timeout=30) as http:
        resolver = A2ACardResolver(http, options.url)
        whole = await resolver.get_agent_card(
            http_kwargs={'headers': {'Authorization': f'Bearer {options.key}'}}
        )
        card = only(whole, options.binding, options.version)

        def create(streaming):
            config = ClientConfig(
                streaming=streaming,
                httpx_client=http,
                grpc_channel_factory=lambda url: grpc.aio.insecure_channel(url),
                supported_protocol_bindings=[BINDINGS[options.binding]],
            )
            return ClientFactory(config).create(card, [AuthInterceptor(OneKey(options.key))])

        async with create(False) as blocking, create(True) as streaming:
            await run(Steps(card, blocking, streaming))


asyncio.run(main())
