"""A client on the official Python SDK, 0.3: runs every step against one agent and prints a JSON line for each.

    client.py --url URL --key KEY --binding jsonrpc|rest|grpc --version 0.3
"""

import argparse
import asyncio
import json
import uuid

from a2a.client import A2ACardResolver, ClientConfig, ClientFactory
from a2a.client.auth import AuthInterceptor, CredentialService
from a2a.client.errors import A2AClientHTTPError, A2AClientJSONRPCError
from a2a.types import (
    FileWithBytes,
    Message,
    MessageSendConfiguration,
    Part,
    Role,
    Task,
    TaskArtifactUpdateEvent,
    TaskIdParams,
    TaskQueryParams,
    TaskStatusUpdateEvent,
    TextPart,
)
import grpc
import httpx

BINDINGS = {'jsonrpc': 'JSONRPC', 'rest': 'HTTP+JSON', 'grpc': 'GRPC'}
CODES = {-32001: 'TaskNotFound', -32002: 'TaskNotCancelable', -32004: 'UnsupportedOperation'}
STEP_TIMEOUT_S = 20
TERMINAL = {'completed', 'failed', 'canceled', 'rejected'}


class OneKey(CredentialService):
    """The same key for whichever scheme the card asks for."""

    def __init__(self, key):
        self.key = key

    async def get_credentials(self, security_scheme_name, context):
        return self.key


def authorized(given, key):
    """The key as metadata of a gRPC call: the SDK's own interceptors reach JSON-RPC only."""
    entry = ('authorization', f'Bearer {key}')
    return given._replace(metadata=grpc.aio.Metadata(*(given.metadata or ()), entry))


class AuthorizeUnary(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, key):
        self.key = key

    async def intercept_unary_unary(self, continuation, client_call_details, request):
        return await continuation(authorized(client_call_details, self.key), request)


class AuthorizeStream(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self, key):
        self.key = key

    async def intercept_unary_stream(self, continuation, client_call_details, request):
        return await continuation(authorized(client_call_details, self.key), request)


def part_of(part):
    """A part as every program of the suite prints it."""
    content = part.root
    if content.kind == 'text':
        return {'text': content.text}
    if content.kind == 'data':
        return {'data': content.data}
    file = {'filename': content.file.name, 'mediaType': content.file.mime_type}
    if isinstance(content.file, FileWithBytes):
        return {'raw': content.file.bytes, **file}
    return {'url': content.file.uri, **file}


def texts(parts):
    return ''.join(part.root.text for part in parts if part.root.kind == 'text')


def artifact_text(task):
    return ''.join(texts(artifact.parts) for artifact in task.artifacts or [])


def error_of(reason):
    """What this SDK lets a program know: a code over JSON-RPC, a status over REST and gRPC."""
    if isinstance(reason, A2AClientJSONRPCError):
        return CODES.get(reason.error.code, f'JSONRPC {reason.error.code}')
    if isinstance(reason, A2AClientHTTPError):
        return f'HTTP {reason.status_code}'
    if isinstance(reason, grpc.aio.AioRpcError):
        return f'GRPC {reason.code().name}'
    return type(reason).__name__


class Steps:
    def __init__(self, card, blocking, streaming):
        self.card = card
        self.blocking = blocking
        self.streaming = streaming
        self.finished = None

    def message(self, text, **more):
        return Message(
            message_id=str(uuid.uuid4()), role=Role.user, parts=[Part(root=TextPart(text=text))], **more
        )

    async def send(self, text, return_immediately=False, **more):
        """What a send without streaming is answered with: a task or a message."""
        configuration = MessageSendConfiguration(blocking=not return_immediately)
        async for event in self.blocking.send_message(
            self.message(text, **more), configuration=configuration
        ):
            return event if isinstance(event, Message) else event[0]
        raise AssertionError('the send had no answer')

    async def until(self, task_id, is_there):
        while True:
            task = await self.blocking.get_task(TaskQueryParams(id=task_id))
            if is_there(task.status.state.value):
                return task
            await asyncio.sleep(0.05)

    async def follow(self, events):
        """The facts of a stream: how it begins, its chunks and its states."""
        first, chunks, state = None, [], None
        async for event in events:
            if isinstance(event, Message):
                first = first or 'message'
                chunks.append(texts(event.parts))
                continue
            task, update = event
            if update is None:
                first = first or 'task'
                state = task.status.state.value
                chunks += [texts(artifact.parts) for artifact in task.artifacts or []]
            if isinstance(update, TaskStatusUpdateEvent):
                first = first or 'status_update'
                state = update.status.state.value
            if isinstance(update, TaskArtifactUpdateEvent):
                first = first or 'artifact_update'
                chunks.append(texts(update.artifact.parts))
        return {'first': first, 'chunks': chunks, 'state': state}

    async def step_card(self):
        return {'name': self.card.name, 'streaming': self.card.capabilities.streaming}

    async def step_send(self):
        task = self.finished = await self.send('echo hello')
        return {
            'kind': 'task' if isinstance(task, Task) else 'message',
            'state': task.status.state.value,
            'text': artifact_text(task),
        }

    async def step_get(self):
        task = await self.blocking.get_task(TaskQueryParams(id=self.finished.id))
        return {
            'state': task.status.state.value,
            'text': artifact_text(task),
            'same': task.id == self.finished.id,
        }

    async def step_message(self):
        message = await self.send('message hi')
        return {
            'kind': 'message' if isinstance(message, Message) else 'task',
            'role': f'ROLE_{message.role.value.upper()}',
            'text': texts(message.parts),
        }

    async def step_poll(self):
        task = await self.send('slow 300', return_immediately=True)
        first = task.status.state.value
        done = await self.until(task.id, lambda state: state in TERMINAL)
        return {'open': first not in TERMINAL, 'state': done.status.state.value}

    async def step_stream(self):
        return await self.follow(self.streaming.send_message(self.message('stream 3 20')))

    async def step_stream_message(self):
        return await self.follow(self.streaming.send_message(self.message('message hi')))

    async def step_subscribe(self):
        task = await self.send('stream 10 100', return_immediately=True)
        facts = await self.follow(self.streaming.resubscribe(TaskIdParams(id=task.id)))
        return {'first': facts['first'], 'state': facts['state'], 'last': facts['chunks'][-1]}

    async def step_cancel(self):
        task = await self.send('slow 60000', return_immediately=True)
        await self.until(task.id, lambda state: state == 'working')
        canceled = await self.blocking.cancel_task(TaskIdParams(id=task.id))
        return {'state': canceled.status.state.value}

    async def step_input(self):
        asked = await self.send('input')
        done = await self.send('blue', task_id=asked.id, context_id=asked.context_id)
        return {
            'asked': asked.status.state.value,
            'state': done.status.state.value,
            'text': artifact_text(done),
            'same': done.id == asked.id,
        }

    async def step_fail(self):
        task = await self.send('fail')
        says = task.status.message is not None and texts(task.status.message.parts) != ''
        return {'state': task.status.state.value, 'says': says}

    async def step_file(self):
        task = await self.send('file')
        return {'parts': [part_of(part) for artifact in task.artifacts for part in artifact.parts]}

    async def step_data(self):
        task = await self.send('data')
        return {'parts': [part_of(part) for artifact in task.artifacts for part in artifact.parts]}

    async def step_not_found(self):
        await self.blocking.get_task(TaskQueryParams(id='no-such-task'))

    async def step_not_cancelable(self):
        await self.blocking.cancel_task(TaskIdParams(id=self.finished.id))

    async def step_terminal(self):
        await self.send('echo again', task_id=self.finished.id, context_id=self.finished.context_id)

    async def step_extended_card(self):
        card = await self.blocking.get_card()
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


async def main():
    arguments = argparse.ArgumentParser()
    for name in ('url', 'key', 'binding', 'version'):
        arguments.add_argument(f'--{name}', required=True)
    options = arguments.parse_args()
    authorization = {'Authorization': f'Bearer {options.key}'}
    async with (
        httpx.AsyncClient(timeout=30) as open_http,
        httpx.AsyncClient(timeout=30, headers=authorization) as authorized_http,
    ):
        card = await A2ACardResolver(authorized_http, options.url).get_agent_card()
        metadata = [AuthorizeUnary(options.key), AuthorizeStream(options.key)]

        def create(streaming):
            config = ClientConfig(
                streaming=streaming,
                httpx_client=open_http if options.binding == 'jsonrpc' else authorized_http,
                grpc_channel_factory=lambda url: grpc.aio.insecure_channel(url, interceptors=metadata),
                supported_transports=[BINDINGS[options.binding]],
                use_client_preference=True,
            )
            return ClientFactory(config).create(card, interceptors=[AuthInterceptor(OneKey(options.key))])

        await run(Steps(card, create(False), create(True)))


asyncio.run(main())
