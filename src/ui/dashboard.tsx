import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ClusterPage } from './cluster/cluster-page.tsx';
import { FailedList } from './failed/failed-list.tsx';
import { MissedList } from './failed/missed-list.tsx';
import { openPage, type Page } from './page.ts';
import type { Section } from './parts/header.tsx';
import { Shell } from './parts/shell.tsx';
import { useTitle } from './parts/title.ts';
import { type Route, readRoute } from './route.ts';
import { EditTask, NewTask } from './tasks/task-editor.tsx';
import { TaskList } from './tasks/task-list.tsx';
import { TaskPage } from './tasks/task-page.tsx';

const SECTION: Readonly<Record<Route['page'], Section | null>> = {
  tasks: 'tasks',
  task: 'tasks',
  edit: 'tasks',
  new: 'tasks',
  failed: 'failed',
  missed: 'failed',
  cluster: 'cluster',
  nowhere: null,
};

/** A task's pages know its name. */
const TITLE: Readonly<Record<Route['page'], string | null>> = {
  tasks: 'Tasks',
  task: null,
  edit: null,
  new: 'New task',
  failed: 'Failed',
  missed: 'Missed',
  cluster: 'Cluster',
  nowhere: 'Nothing is here',
};

function Dashboard({ page }: { readonly page: Page }) {
  const [route, setRoute] = useState(() => readRoute(location.hash));
  useEffect(() => {
    const look = (): void => setRoute(readRoute(location.hash));
    addEventListener('hashchange', look);
    return () => removeEventListener('hashchange', look);
  }, []);
  useTitle(TITLE[route.page]);
  return (
    <Shell session={page.session} section={SECTION[route.page]}>
      <Content page={page} route={route} />
    </Shell>
  );
}

function Content({ page, route }: { readonly page: Page; readonly route: Route }) {
  switch (route.page) {
    case 'tasks':
      return <TaskList page={page} filter={route.filter} cursors={route.cursors} />;
    case 'task':
      return <TaskPage key={route.taskId} page={page} taskId={route.taskId} />;
    case 'edit':
      return <EditTask key={route.taskId} page={page} taskId={route.taskId} />;
    case 'new':
      return <NewTask key={route.like ?? ''} page={page} like={route.like} />;
    case 'cluster':
      return <ClusterPage page={page} />;
    case 'failed':
      return <FailedList page={page} cursors={route.cursors} />;
    case 'missed':
      return <MissedList page={page} cursors={route.cursors} />;
    default:
      return (
        <>
          <h1>Nothing is here</h1>
          <p>
            The address names no page. <a href="#/tasks">All tasks</a>
          </p>
        </>
      );
  }
}

const root = document.getElementById('page');
if (root !== null) render(<Dashboard page={openPage(location.href)} />, root);
