"""An agent on the official Python SDK, 0.3, over every binding it has. Serves until it is ended.

The first word of a message says what it does: echo, message, stream, input, slow, fail, file, data.
"""

import asyncio
import base64
import json
import socket

from a2a.grpc import a2a_pb2_grpc
from a2a.server.agent_execution import AgentExecutor
from a2a.server.apps import A2ARESTFastAPIApplication, A2AStarletteApplication
from a2a.server.request_handlers import DefaultRequestHandler, GrpcHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    DataPart,
    FilePart,
    FileWithBytes,
    FileWithUri,
    Part,
    TextPart,
)
from a2a.utils import new_agent_text_message, new_task
import grpc
from starlette.applications import Starlette
from starlette.routing import Mount
import uvicorn


def text_part(text):
    return Part(root=TextPart(text=text))


class Executor(AgentExecutor):
    async def execute(self, context, event_queue):
        word, _, rest = context.get_user_input().partition(' ')
        if word == 'message' and context.current_task is None:
            await event_queue.enqueue_event(new_agent_text_message(rest, context_id=context.context_id))
            return
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        if context.current_task is not None:
            await updater.add_artifact([text_part('You said: ' + context.get_user_input())])
            await updater.complete()
            return
        await event_queue.enqueue_event(new_task(context.message))
        await getattr(self, word, self.echo)(updater, rest)

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()

    async def echo(self, updater, rest):
        await updater.add_artifact([text_part(rest)])
        await updater.complete()

    async def stream(self, updater, rest):
        count, gap_ms = (int(each) for each in rest.split())
        await updater.start_work()
        for i in range(1, count + 1):
            await updater.add_artifact(
                [text_part(f'chunk {i} ')], artifact_id='result', append=i > 1, last_chunk=i == count
            )
            await asyncio.sleep(gap_ms / 1000)
        await updater.complete()

    async def input(self, updater, rest):
        await updater.requires_input(updater.new_agent_message([text_part('Which colour?')]), final=True)

    async def slow(self, updater, rest):
        await updater.start_work()
        await asyncio.sleep(int(rest) / 1000)
        await updater.complete()

    async def fail(self, updater, rest):
        await updater.failed(updater.new_agent_message([text_part('This agent could not do that.')]))

    async def file(self, updater, rest):
        naming = {'name': 'hello.txt', 'mime_type': 'text/plain'}
        content = base64.b64encode(b'hello\n').decode()
        files = [
            FileWithBytes(bytes=content, **naming),
            FileWithUri(uri='https://example.com/hello.txt', **naming),
        ]
        await updater.add_artifact([Part(root=FilePart(file=file)) for file in files])
        await updater.complete()

    async def data(self, updater, rest):
        await updater.add_artifact([Part(root=DataPart(data={'colour': 'blue', 'sizes': [1, 2]}))])
        await updater.complete()


def card_of(url, grpc_url):
    return AgentCard(
        name='Python stranger 0.3',
        description='An agent on the official Python SDK.',
        version='1.0.0',
        protocol_version='0.3.0',
        url=f'{url}/',
        preferred_transport='JSONRPC',
        additional_interfaces=[
            AgentInterface(url=f'{url}/', transport='JSONRPC'),
            AgentInterface(url=f'{url}/rest', transport='HTTP+JSON'),
            AgentInterface(url=grpc_url, transport='GRPC'),
        ],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=['text/plain'],
        default_output_modes=['text/plain'],
        skills=[AgentSkill(id='echo', name='echo', description='Echoes.', tags=['test'])],
    )


async def main():
    listener = socket.create_server(('127.0.0.1', 0))
    url = f'http://127.0.0.1:{listener.getsockname()[1]}'
    calls = grpc.aio.server()
    card = card_of(url, f'127.0.0.1:{calls.add_insecure_port("127.0.0.1:0")}')
    handler = DefaultRequestHandler(Executor(), InMemoryTaskStore())
    a2a_pb2_grpc.add_A2AServiceServicer_to_server(GrpcHandler(card, handler), calls)
    await calls.start()
    rest = A2ARESTFastAPIApplication(card, handler).build()
    routes = [*A2AStarletteApplication(card, handler).routes(), Mount('/rest', app=rest)]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level='warning'))
    print(json.dumps({'event': 'ready', 'card': f'{url}/.well-known/agent-card.json'}), flush=True)
    await server.serve(sockets=[listener])


asyncio.run(main())
