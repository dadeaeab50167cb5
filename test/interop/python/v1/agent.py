"""An agent on the official Python SDK, 1.x, over every binding it has, in A2A 1.0 and 0.3. Serves until it is ended.

The first word of a message says what it does: echo, message, stream, input, slow, fail, file, data.
"""

import asyncio
import json
import socket

from a2a.compat.v0_3 import a2a_v0_3_pb2_grpc
from a2a.compat.v0_3.grpc_handler import CompatGrpcHandler
from a2a.helpers.proto_helpers import (
    new_data_part,
    new_raw_part,
    new_task,
    new_text_message,
    new_text_part,
    new_url_part,
)
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler, GrpcHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import a2a_pb2_grpc
from a2a.types.a2a_pb2 import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    TaskState,
)
import grpc
from starlette.applications import Starlette
import uvicorn


class Executor(AgentExecutor):
    async def execute(self, context, event_queue):
        word, _, rest = context.get_user_input().partition(' ')
        if word == 'message' and context.current_task is None:
            await event_queue.enqueue_event(new_text_message(rest, context_id=context.context_id))
            return
        if context.current_task is None:
            task = new_task(context.task_id, context.context_id, TaskState.TASK_STATE_SUBMITTED)
            task.history.append(context.message)
            await event_queue.enqueue_event(task)
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        if context.current_task is not None:
            await updater.add_artifact([new_text_part('You said: ' + context.get_user_input())])
            await updater.complete()
            return
        await getattr(self, word, self.echo)(updater, rest)

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()

    async def echo(self, updater, rest):
        await updater.add_artifact([new_text_part(rest)])
        await updater.complete()

    async def stream(self, updater, rest):
        count, gap_ms = (int(each) for each in rest.split())
        await updater.start_work()
        for i in range(1, count + 1):
            await updater.add_artifact(
                [new_text_part(f'chunk {i} ')], artifact_id='result', append=i > 1, last_chunk=i == count
            )
            await asyncio.sleep(gap_ms / 1000)
        await updater.complete()

    async def input(self, updater, rest):
        question = updater.new_agent_message([new_text_part('Which colour?')])
        await updater.requires_input(question)

    async def slow(self, updater, rest):
        await updater.start_work()
        await asyncio.sleep(int(rest) / 1000)
        await updater.complete()

    async def fail(self, updater, rest):
        await updater.failed(updater.new_agent_message([new_text_part('This agent could not do that.')]))

    async def file(self, updater, rest):
        naming = {'filename': 'hello.txt', 'media_type': 'text/plain'}
        await updater.add_artifact(
            [new_raw_part(b'hello\n', **naming), new_url_part('https://example.com/hello.txt', **naming)]
        )
        await updater.complete()

    async def data(self, updater, rest):
        await updater.add_artifact([new_data_part({'colour': 'blue', 'sizes': [1, 2]})])
        await updater.complete()


def card_of(url, grpc_url):
    places = {'JSONRPC': f'{url}/', 'HTTP+JSON': f'{url}/rest', 'GRPC': grpc_url}
    return AgentCard(
        name='Python stranger',
        description='An agent on the official Python SDK.',
        version='1.0.0',
        supported_interfaces=[
            AgentInterface(url=place, protocol_binding=binding, protocol_version=version)
            for version in ('1.0', '0.3')
            for binding, place in places.items()
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
    handler = DefaultRequestHandler(Executor(), InMemoryTaskStore(), card)
    a2a_pb2_grpc.add_A2AServiceServicer_to_server(GrpcHandler(handler), calls)
    a2a_v0_3_pb2_grpc.add_A2AServiceServicer_to_server(CompatGrpcHandler(handler), calls)
    await calls.start()
    routes = [
        *create_agent_card_routes(card),
        *create_jsonrpc_routes(handler, '/', enable_v0_3_compat=True),
        *create_rest_routes(handler, enable_v0_3_compat=True, path_prefix='/rest'),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level='warning'))
    print(json.dumps({'event': 'ready', 'card': f'{url}/.well-known/agent-card.json'}), flush=True)
    await server.serve(sockets=[listener])


asyncio.run(main())
