import '@patternfly/react-core/dist/styles/base.css';
import './app.css';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { BrowserRouter } from 'react-router';
import { ApiError } from './api/client';
import { App } from './app/App';
import { loadFirst } from './app/Shell';
import { applyTheme } from './app/theme';

applyTheme();
void loadFirst();
const queries = new QueryClient({
  defaultOptions: {
    // A server that restarts is waited for; what it refuses is told at once.
    queries: { retry: (count, error) => error instanceof ApiError && (error.status === 0 || error.status >= 502) && count < 10, retryDelay: 2000, staleTime: 10_000, networkMode: 'always' },
    mutations: { networkMode: 'always' },
  },
});
createRoot(document.getElementById('root')!).render(
  <StrictMode><QueryClientProvider client={queries}><BrowserRouter basename="/ui"><App /></BrowserRouter></QueryClientProvider></StrictMode>);
